// Sizes of fields, and a field that the kernel has in another size than the program.
// differs: vm
// run: ask = 1
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    s16 pid;
    char comm[4];
    int prio;
    u64 flags;
} __attribute__((preserve_access_index));

u64 sizes[3];

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();

    sizes[0] = bpf_core_field_size(task->pid);
    sizes[1] = bpf_core_field_size(task->comm);
    sizes[2] = bpf_core_field_size(struct task_struct, prio);
    return task->flags != 0 && task->flags < 1ull << 32;
}
