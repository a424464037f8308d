// An array of rings, one of them in place from the start; all of a size that the kernel does not
// take.
// run: send = 16
#include "common.h"

struct ring {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1000);
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, u32);
    __array(values, struct ring);
} rings SEC(".maps") = {
    .values = {&ring},
};

SEC("raw_tp")
int send(void *ctx)
{
    u32 key = 0;
    u64 record = 1;
    void *found = bpf_map_lookup_elem(&rings, &key);

    if (!found)
        return -1;
    bpf_ringbuf_output(found, &record, sizeof(record), 0);
    return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
}
