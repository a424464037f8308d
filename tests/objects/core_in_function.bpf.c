// Questions asked in a function of three programs.
// run: one = 1
// run: two = 2
#include "common.h"

struct task_struct {
    int pid;
} __attribute__((preserve_access_index));

static __attribute__((noinline)) int pid_is_mine(void)
{
    struct task_struct *task = bpf_get_current_task_btf();

    return task->pid == (u32)bpf_get_current_pid_tgid();
}

SEC("raw_tp")
int one(void *ctx)
{
    return pid_is_mine();
}

SEC("raw_tp")
int two(void *ctx)
{
    return pid_is_mine() + 1;
}
