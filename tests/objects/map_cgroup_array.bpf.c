// Cgroups by number; the slot is empty.
// vm refuses: no CGROUP_ARRAY
// run: inside = 22
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
    __uint(max_entries, 1);
    __uint(key_size, 4);
    __uint(value_size, 4);
} cgroups SEC(".maps");

SEC("raw_tp")
int inside(void *ctx)
{
    return bpf_current_task_under_cgroup(&cgroups, 0) == -11 ? 22 : 0;
}
