// Sections of one's own beside the usual ones; libbpf 1.1 knows no other .bss.
// libbpf refuses: bss.own
// run: touch = 60
#include "common.h"

u32 usual = 5;
u32 own SEC(".data.own") = 10;
u64 empty SEC(".bss.own");
const volatile u32 fixed SEC(".rodata.own") = 45;

SEC("raw_tp")
int touch(void *ctx)
{
    own += usual;
    empty = own;
    return empty + fixed;
}
