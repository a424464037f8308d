// A struct that is not there.
// refused: kring_no_such_struct
#include "common.h"
#include <bpf/bpf_core_read.h>

struct kring_no_such_struct {
    int field;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int ask(void *ctx)
{
    struct kring_no_such_struct *one = (void *)bpf_get_current_task();

    return BPF_CORE_READ(one, field);
}
