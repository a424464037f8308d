// A ring whose declaration gives the type of its records: the kernel wants no value of it.
// libbpf refuses: failed to create
// run: send = 16
#include "common.h"

struct event {
    u32 pid;
    u32 size;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
    __type(value, struct event);
} events SEC(".maps");

SEC("raw_tp")
int send(void *ctx)
{
    struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

    if (!event)
        return -1;
    event->pid = 1;
    event->size = 2;
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
}
