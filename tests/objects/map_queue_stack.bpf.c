// First in first out, last in first out.
// run: fill = 10301
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 4);
    __type(value, u32);
} queue SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK);
    __uint(max_entries, 4);
    __uint(value_size, 4);
} stack SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    u32 first = 0, last = 0, peeked = 0;

    for (u32 i = 1; i < 4; i++) {
        bpf_map_push_elem(&queue, &i, 0);
        bpf_map_push_elem(&stack, &i, 0);
    }
    bpf_map_peek_elem(&stack, &peeked);
    bpf_map_pop_elem(&stack, &last);
    bpf_map_pop_elem(&queue, &first);
    return first + 100 * last + 10000 * (peeked == last);
}
