// Elements of arrays: one within, and one behind the end of what the kernel has.
// refused: comm
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    char comm[400];
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = (void *)bpf_get_current_task();

    return BPF_CORE_READ(task, comm[2]) + BPF_CORE_READ(task, comm[300]);
}
