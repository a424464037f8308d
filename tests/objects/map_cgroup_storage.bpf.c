// Values of a cgroup and a program, for all CPUs and for each.
// vm refuses: no CGROUP_STORAGE
// run: count data=00*64 = 1
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
    __type(key, struct bpf_cgroup_storage_key);
    __type(value, u64);
} shared SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
    __type(key, u64);
    __type(value, u64);
} separate SEC(".maps");

SEC("cgroup_skb/ingress")
int count(struct __sk_buff *skb)
{
    u64 *all = bpf_get_local_storage(&shared, 0), *one = bpf_get_local_storage(&separate, 0);

    __sync_fetch_and_add(all, 1);
    *one += 1;
    return 1;
}
