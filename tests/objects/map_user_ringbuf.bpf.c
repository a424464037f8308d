// A ring that user space writes and a program drains: it is empty.
// vm refuses: no USER_RINGBUF
// run: drain = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
    __uint(max_entries, 5000);
} commands SEC(".maps");

static long command(struct bpf_dynptr *record, void *sum)
{
    return 0;
}

SEC("syscall")
int drain(void *ctx)
{
    u64 sum = 0;

    return bpf_user_ringbuf_drain(&commands, command, &sum, 0);
}
