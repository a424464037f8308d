// Fields that are there, and one that is not.
// run: ask = 5
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    int pid;
    u64 kring_not_there;
    void *stack;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = 0;

    return bpf_core_field_exists(task->pid) | bpf_core_field_exists(task->kring_not_there) << 1 |
           bpf_core_field_exists(struct task_struct, stack) << 2;
}
