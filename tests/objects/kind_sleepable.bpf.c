// Programs that may sleep, and read the memory of processes.
// host may refuse: EPERM
#include "common.h"

char text[16];

SEC("fentry.s/do_unlinkat")
int enters(u64 *ctx)
{
    bpf_copy_from_user(text, sizeof(text), (void *)ctx[1]);
    return 0;
}
