// Fields of kernel structs read along pointers, with the reader's helper and bare.
// run: walk = 7
#include "common.h"
#include <bpf/bpf_core_read.h>

struct nsproxy {
    struct uts_namespace *uts_ns;
} __attribute__((preserve_access_index));

struct new_utsname {
    char sysname[65];
} __attribute__((preserve_access_index));

struct uts_namespace {
    struct new_utsname name;
} __attribute__((preserve_access_index));

struct task_struct {
    int pid, tgid;
    struct task_struct *group_leader;
    struct nsproxy *nsproxy;
} __attribute__((preserve_access_index));

char system[6];

SEC("raw_tp")
int walk(void *ctx)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    struct task_struct *typed = bpf_get_current_task_btf();
    u64 id = bpf_get_current_pid_tgid();

    BPF_CORE_READ_STR_INTO(&system, task, nsproxy, uts_ns, name.sysname);
    return (BPF_CORE_READ(task, pid) == (u32)id) |
           (BPF_CORE_READ(task, group_leader, tgid) == id >> 32) << 1 |
           (typed->group_leader->tgid == id >> 32) << 2;
}
