// Whether fields have a sign.
// run: ask = 5
#include "common.h"

struct task_struct {
    int pid;
    unsigned int flags;
    int exit_code;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = 0;

    return __builtin_preserve_field_info(task->pid, 3) |
           __builtin_preserve_field_info(task->flags, 3) << 1 |
           __builtin_preserve_field_info(task->exit_code, 3) << 2;
}
