// A version, as old kernels wanted of probes.
// run: answer = 1
#include "common.h"

u32 _version SEC("version") = 0x50000;

SEC("raw_tp")
int answer(void *ctx)
{
    return 1;
}
