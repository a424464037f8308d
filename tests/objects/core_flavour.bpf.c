// One kernel struct under two names: what follows three underscores is not the kernel's.
// run: ask = 3
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct___old {
    volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___new {
    unsigned int __state;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    void *task = bpf_get_current_task_btf();
    struct task_struct___old *old = task;
    struct task_struct___new *new = task;

    if (bpf_core_field_exists(old->state))
        return old->state ? 1 : 2;
    return BPF_CORE_READ(new, __state) == 0 ? 3 : 4;
}
