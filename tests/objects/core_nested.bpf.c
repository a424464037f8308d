// A field of a struct within a struct that differs with the kernel's settings.
// run: ask data=00*64
#include "common.h"

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
