// A field that is not there, read all the same.
// refused: kring_not_there
#include "common.h"

struct task_struct {
    int kring_not_there;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();

    return task->kring_not_there;
}
