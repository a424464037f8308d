// A ring: output of one record, and how many bytes wait.
// run: send = 24
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

SEC("raw_tp")
int send(void *ctx)
{
    u64 record[2] = {1, 2};

    bpf_ringbuf_output(&events, record, sizeof(record), 0);
    return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
}
