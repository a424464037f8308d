// A kernel function that is declared as something else.
// refused: bpf_task_from_pid
#include "common.h"

struct task_struct;

extern struct task_struct *bpf_task_from_pid(s32 pid, u64 another) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

SEC("syscall")
int call(void *ctx)
{
    struct task_struct *task = bpf_task_from_pid(1, 2);

    if (task)
        bpf_task_release(task);
    return 0;
}
