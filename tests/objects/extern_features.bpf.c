// Features that are asked of the kernel: cookies of probes, and wrappers of system calls, which
// libbpf finds only where it can make a kprobe.
// vm refuses: LINUX_HAS_BPF_COOKIE
// differs: runs .kconfig
// run: look = 3
#include "common.h"

extern _Bool LINUX_HAS_BPF_COOKIE __kconfig;
extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;

SEC("raw_tp")
int look(void *ctx)
{
    return LINUX_HAS_BPF_COOKIE | LINUX_HAS_SYSCALL_WRAPPER << 1;
}
