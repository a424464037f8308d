// Settings of the kernel: a number, a switch, a module's state, a character and a text.
// vm refuses: CONFIG_HZ
// run: look = 15
#include "common.h"

extern unsigned long CONFIG_HZ __kconfig;
extern _Bool CONFIG_BPF __kconfig;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern char CONFIG_INET __kconfig;
extern const char CONFIG_DEFAULT_HOSTNAME[32] __kconfig;

u64 hz;
char text[32];

SEC("raw_tp")
int look(void *ctx)
{
    hz = CONFIG_HZ;
    bpf_probe_read_kernel_str(text, sizeof(text), CONFIG_DEFAULT_HOSTNAME);
    return (CONFIG_HZ > 0) | CONFIG_BPF << 1 | (CONFIG_BPF_SYSCALL == TRI_YES) << 2 |
           (CONFIG_INET == 'y') << 3;
}
