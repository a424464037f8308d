// A variable of the kernel that is declared as something else.
// refused: bpf_prog_active
#include "common.h"

struct kring_other {
    u64 one, two;
};

extern const struct kring_other bpf_prog_active __ksym;

SEC("raw_tp")
int look(void *ctx)
{
    const struct kring_other *found = bpf_this_cpu_ptr(&bpf_prog_active);

    return found->one;
}
