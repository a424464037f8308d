// Kernel functions that hand out and take back a reference.
// vm refuses: no kernel function
// run: find = 1
#include "common.h"

struct task_struct {
    int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

SEC("syscall")
int find(void *ctx)
{
    s32 mine = bpf_get_current_pid_tgid(), pid;
    struct task_struct *task = bpf_task_from_pid(mine);

    if (!task)
        return -1;
    pid = task->pid;
    bpf_task_release(task);
    return pid == mine;
}
