// The value of a name that the enum has not.
// refused: PIDTYPE_KRING
#include "common.h"
#include <bpf/bpf_core_read.h>

enum pid_type { PIDTYPE_KRING = 79 };

SEC("raw_tp")
int ask(void *ctx)
{
    return bpf_core_enum_value(enum pid_type, PIDTYPE_KRING);
}
