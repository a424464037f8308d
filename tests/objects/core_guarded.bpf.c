// A field that is not there, read behind the question whether it is.
// run: ask = 8
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    int kring_not_there;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();

    if (bpf_core_field_exists(task->kring_not_there))
        return task->kring_not_there;
    return 8;
}
