// A kernel function whose struct the program has under a name of its own.
// vm refuses: no kernel function
// run: make = 1
#include "common.h"

struct bpf_cpumask___mine {
    u64 opaque;
};

extern struct bpf_cpumask___mine *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask___mine *mask) __ksym;

SEC("syscall")
int make(void *ctx)
{
    struct bpf_cpumask___mine *mask = bpf_cpumask_create();

    if (!mask)
        return -1;
    bpf_cpumask_release(mask);
    return 1;
}
