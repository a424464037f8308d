// A map that lives in the BPF file system under its own name.
// pinned: kring_corpus_pin
// run: count = 1
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __type(key, u32);
    __type(value, u64);
} kring_corpus_pin SEC(".maps");

SEC("raw_tp")
int count(void *ctx)
{
    u32 key = 0;
    u64 *value = bpf_map_lookup_elem(&kring_corpus_pin, &key);

    return value ? ++*value : 0;
}
