// Orders of bytes, and numbers that instructions turn round.
// run: turn = 3
#include "common.h"
#include <bpf/bpf_endian.h>

u64 volatile wide = 0x0102030405060708;
u32 volatile middle = 0x01020304;
u16 volatile narrow = 0x0102;
u64 out[5];

SEC("raw_tp")
int turn(void *ctx)
{
    out[0] = bpf_be64_to_cpu(wide);
    out[1] = bpf_htonl(middle);
    out[2] = bpf_ntohs(narrow);
    out[3] = __builtin_bswap64(wide);
    out[4] = __builtin_bswap16(narrow + 1);
    return 3;
}
