// Sets of CPUs, made and tested by kernel functions.
// vm refuses: no kernel function
// run: fill = 5
#include "common.h"

struct bpf_cpumask {
    u64 opaque;
};
struct cpumask {
    u64 bits;
};

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern _Bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;

SEC("syscall")
int fill(void *ctx)
{
    struct bpf_cpumask *mask = bpf_cpumask_create();
    int found = 4;

    if (!mask)
        return -1;
    bpf_cpumask_set_cpu(1, mask);
    found |= bpf_cpumask_test_cpu(1, (const struct cpumask *)mask);
    found |= bpf_cpumask_test_cpu(0, (const struct cpumask *)mask) << 1;
    bpf_cpumask_release(mask);
    return found;
}
