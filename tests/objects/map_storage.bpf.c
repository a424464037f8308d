// Values that sockets, tasks and files carry with them.
// vm refuses: no TASK_STORAGE
// run: count = 2
#include "common.h"

struct task_struct;

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, u64);
} tasks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
    __type(key, int);
    __type(value, u64);
} sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, u64);
} inodes SEC(".maps");

SEC("raw_tp")
int count(void *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();

    for (int i = 0; i < 2; i++) {
        u64 *value = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
        if (!value)
            return -1;
        if (++*value == 2) {
            bpf_task_storage_delete(&tasks, task);
            return 2;
        }
    }
    return 0;
}

SEC("cgroup_skb/egress")
int sent(struct __sk_buff *skb)
{
    struct bpf_sock *sk = skb->sk;
    u64 *value;

    if (!sk)
        return 1;
    sk = bpf_sk_fullsock(sk);
    if (!sk)
        return 1;
    value = bpf_sk_storage_get(&sockets, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (value)
        *value += skb->len;
    return 1;
}
