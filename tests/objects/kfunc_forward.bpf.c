// A kernel function whose types are named and not described.
// vm refuses: no kernel function
// libbpf refuses: incompatible with kernel
// run: make = 1
#include "common.h"

struct bpf_cpumask;

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;

SEC("syscall")
int make(void *ctx)
{
    struct bpf_cpumask *mask = bpf_cpumask_create();

    if (!mask)
        return -1;
    bpf_cpumask_release(mask);
    return 1;
}
