// A large struct without padding, sent as it is.
// run: send = 400
#include "common.h"

struct event {
    u8 kind;
    u64 time;
    char path[300];
    u16 port;
    u32 rows[20];
    u8 last;
} __attribute__((packed));

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

const struct event *unused __attribute__((unused));

SEC("raw_tp")
int send(void *ctx)
{
    struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

    if (!event)
        return -1;
    event->kind = 1;
    event->time = 2;
    event->port = 3;
    event->rows[7] = 4;
    event->last = 5;
    bpf_ringbuf_submit(event, 0);
    return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
}
