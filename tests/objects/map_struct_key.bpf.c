// Keys and values that are structs of structs, arrays, enums and unions.
// run: fill = 0
#include "common.h"

enum colour { RED = 1, BLUE = -2 };

struct address {
    union {
        u8 bytes[4];
        u32 whole;
    };
    u16 port;
    u16 pad;
};

struct pair {
    struct address from, to;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8);
    __type(key, struct pair);
    __type(value, struct {
        enum colour colour;
        s16 heights[3];
        _Bool sure;
    });
} pairs SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    struct pair key = {{{{127, 0, 0, 1}}, 80}, {{{10, 1, 2, 3}}, 443}};
    struct {
        enum colour colour;
        s16 heights[3];
        _Bool sure;
        u8 pad;
    } value = {BLUE, {-1, 2, -300}, 1, 0};

    return bpf_map_update_elem(&pairs, &key, &value, BPF_ANY);
}
