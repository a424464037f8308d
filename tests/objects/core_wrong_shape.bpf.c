// A field that the kernel has as something else: a struct where the program reads a number.
// refused: group_leader|CO-RE|relocat
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    struct {
        int within;
    } group_leader;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = (void *)bpf_get_current_task();

    return BPF_CORE_READ(task, group_leader.within);
}
