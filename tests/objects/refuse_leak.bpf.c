// A reserved record that is neither sent nor given up on one path.
// refused: reference|record|released
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

SEC("raw_tp")
int send(void *ctx)
{
    u64 *record = bpf_ringbuf_reserve(&events, 8, 0);

    if (!record)
        return 0;
    *record = 1;
    if (bpf_ktime_get_ns() & 1)
        return 1;
    bpf_ringbuf_submit(record, 0);
    return 0;
}
