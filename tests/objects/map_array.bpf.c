// An array of structs, whose types the kernel is told.
// run: fill = 0
#include "common.h"

struct point {
    s32 x, y;
    char label[6];
    u8 kind : 3;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 3);
    __type(key, u32);
    __type(value, struct point);
} points SEC(".maps");

SEC("syscall")
int fill(void *ctx)
{
    u32 key = 2;
    struct point *p = bpf_map_lookup_elem(&points, &key);

    if (!p)
        return 1;
    p->x = -5;
    p->y = 1 << 20;
    __builtin_memcpy(p->label, "here", 5);
    p->kind = 6;
    return 0;
}
