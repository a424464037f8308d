// A weak variable that this kernel has.
// host may refuse: failed to find the address
// run: look = 1
#include "common.h"

extern const int bpf_prog_active __ksym __weak;

SEC("raw_tp")
int look(void *ctx)
{
    return &bpf_prog_active ? 1 : 0;
}
