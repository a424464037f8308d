// Where fields are in the running kernel, asked as numbers.
// run: ask data=00*64
#include "common.h"

struct list_head {
    struct list_head *next, *prev;
} __attribute__((preserve_access_index));

struct task_struct {
    unsigned int flags;
    struct list_head tasks;
    int pid;
    char comm[16];
    struct task_struct *real_parent;
} __attribute__((preserve_access_index));

u32 offsets[5];

SEC("xdp")
int ask(struct xdp_md *ctx)
{
    struct task_struct *task = 0;

    offsets[0] = __builtin_preserve_field_info(task->pid, 0);
    offsets[1] = __builtin_preserve_field_info(task->comm, 0);
    offsets[2] = __builtin_preserve_field_info(task->comm[3], 0);
    offsets[3] = __builtin_preserve_field_info(task->tasks.prev, 0);
    offsets[4] = __builtin_preserve_field_info(task->real_parent, 0);
    return offsets[0] ^ offsets[1];
}
