// A pointer to a kernel object kept in a map, where the compiler writes down that it is one.
// vm refuses: no kernel function
// host may refuse: no valid kptr
// run: keep = 1
#include "common.h"

struct task_struct {
    int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

struct value {
    struct task_struct __attribute__((btf_type_tag("kptr"))) *task;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct value);
} kept SEC(".maps");

SEC("syscall")
int keep(void *ctx)
{
    u32 key = 0;
    struct value *value = bpf_map_lookup_elem(&kept, &key);
    struct task_struct *task, *before;

    if (!value)
        return -1;
    task = bpf_task_from_pid(bpf_get_current_pid_tgid());
    if (!task)
        return -2;
    before = bpf_kptr_xchg(&value->task, task);
    if (before)
        bpf_task_release(before);
    task = bpf_kptr_xchg(&value->task, 0);
    if (!task)
        return -3;
    bpf_task_release(task);
    return 1;
}
