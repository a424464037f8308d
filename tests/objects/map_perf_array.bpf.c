// A perf buffer: without a size there is a slot for each CPU.
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, sizeof(u32));
    __uint(value_size, sizeof(u32));
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(max_entries, 300);
    __type(key, int);
    __type(value, u32);
} sized SEC(".maps");

SEC("raw_tp")
int send(void *ctx)
{
    u64 record = 1;

    bpf_perf_event_output(ctx, &sized, BPF_F_CURRENT_CPU, &record, sizeof(record));
    return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &record, sizeof(record));
}
