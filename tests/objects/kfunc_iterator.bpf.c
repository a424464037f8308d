// Kernel functions: an iterator that the program opens, asks and closes.
// run: sum = 45
#include "common.h"

struct bpf_iter_num {
    u64 opaque[1];
};

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

SEC("raw_tp")
int sum(void *ctx)
{
    struct bpf_iter_num it;
    int *value, sum = 0;

    bpf_iter_num_new(&it, 0, 10);
    while ((value = bpf_iter_num_next(&it)))
        sum += *value;
    bpf_iter_num_destroy(&it);
    return sum;
}
