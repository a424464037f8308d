// Where packets can be sent to: devices, CPUs, sockets of user space.
// vm refuses: no DEVMAP_HASH
// run: device data=00*64 = 2
// run: cpu data=00*64 = 1
// run: queue data=00*64 = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 4);
    __type(key, u32);
    __type(value, struct bpf_devmap_val);
} devices SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __uint(value_size, 4);
} named SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_CPUMAP);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, 4);
    __type(key, int);
    __type(value, int);
} queues SEC(".maps");

SEC("xdp")
int device(struct xdp_md *ctx)
{
    bpf_redirect_map(&named, 1, 0);
    return bpf_redirect_map(&devices, 1, XDP_PASS);
}

SEC("xdp")
int cpu(struct xdp_md *ctx)
{
    return bpf_redirect_map(&cpus, 0, XDP_DROP);
}

SEC("xdp")
int queue(struct xdp_md *ctx)
{
    return bpf_redirect_map(&queues, ctx->rx_queue_index, 0);
}
