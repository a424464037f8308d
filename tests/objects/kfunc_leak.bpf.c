// A reference that is not given back.
// refused: find
#include "common.h"

struct task_struct {
    int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;

SEC("syscall")
int find(void *ctx)
{
    struct task_struct *task = bpf_task_from_pid(1);

    return task ? task->pid : 0;
}
