// A field of a union that has a name.
// run: ask data=00*64
#include "common.h"

union inner {
    long one;
    int two;
};

struct bpf_iter__task;
struct qspinlock {
    int locked;
} __attribute__((preserve_access_index));

struct raw_spinlock {
    struct qspinlock raw_lock;
} __attribute__((preserve_access_index));

struct task_struct {
    struct raw_spinlock pi_lock;
} __attribute__((preserve_access_index));

SEC("xdp")
int ask(struct xdp_md *ctx)
{
    struct task_struct *task = 0;

    return __builtin_preserve_field_info(task->pi_lock.raw_lock, 0);
}
