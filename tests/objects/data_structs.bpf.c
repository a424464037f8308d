// A struct, an array of structs, and a pointer's worth of padding between members.
// run: add = 66
#include "common.h"

struct inner {
    u8 kind;
    u32 value;
};

struct outer {
    u8 first;
    struct inner rows[3];
    u64 total;
} outer = {1, {{1, 11}, {2, 22}, {3, 33}}, 0};

const struct inner fixed[2] = {{4, 44}, {5, 55}};

SEC("raw_tp")
int add(void *ctx)
{
    for (int i = 0; i < 3; i++)
        outer.total += outer.rows[i].value;
    outer.first = fixed[1].kind;
    return outer.total;
}
