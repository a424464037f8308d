// A static function beside the programs that call it, which libbpf does not look for there.
// libbpf refuses: twice
// run: first = 6
// run: second = 8
#include "common.h"

u64 total;

static __attribute__((noinline)) SEC("raw_tp") int twice(int x)
{
    return 2 * x + total;
}

SEC("raw_tp")
int first(void *ctx)
{
    return twice(3);
}

SEC("raw_tp")
int second(void *ctx)
{
    return twice(4);
}
