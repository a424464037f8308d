// Variables of the kernel with their types: read at once, one for each CPU, and one struct's field.
// differs: vm
// host may refuse: failed to find the address
// run: look = 3
#include "common.h"

struct rq {
    int cpu;
} __attribute__((preserve_access_index));

extern const int bpf_prog_active __ksym;
extern const struct rq runqueues __ksym;

SEC("raw_tp")
int look(void *ctx)
{
    const int *here = bpf_this_cpu_ptr(&bpf_prog_active);
    const struct rq *second = bpf_per_cpu_ptr(&runqueues, 1);
    const struct rq *beyond = bpf_per_cpu_ptr(&runqueues, 1 << 20);

    if (!second || beyond)
        return -1;
    return second->cpu | (*here >= 0) << 1;
}
