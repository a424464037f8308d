// Values of an enum that the kernel numbers otherwise, and one that it has not.
// run: ask = 1
#include "common.h"
#include <bpf/bpf_core_read.h>

enum pid_type { PIDTYPE_PGID = 77, PIDTYPE_SID = 78, PIDTYPE_KRING = 79 };

u64 values[2];

SEC("raw_tp")
int ask(void *ctx)
{
    values[0] = bpf_core_enum_value(enum pid_type, PIDTYPE_PGID);
    values[1] = bpf_core_enum_value(enum pid_type, PIDTYPE_SID);
    return bpf_core_enum_value_exists(enum pid_type, PIDTYPE_SID) |
           bpf_core_enum_value_exists(enum pid_type, PIDTYPE_KRING) << 1;
}
