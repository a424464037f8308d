// Literals, which compilers put into mergeable sections.
// run: same = 0
#include "common.h"

char found[16];

SEC("raw_tp")
int same(void *ctx)
{
    const char *text = "a literal";

    bpf_probe_read_kernel_str(found, sizeof(found), text);
    bpf_printk("%s and %d", found, 5);
    return bpf_strncmp(found, 9, "a literal");
}
