// Text made of numbers.
// run: make = 11
#include "common.h"

char text[32];

SEC("raw_tp")
int make(void *ctx)
{
    static const char format[] = "%d-%s-%x";
    u64 arguments[3];

    arguments[0] = 17;
    arguments[1] = (u64) "ab";
    arguments[2] = 0xbeef;
    return bpf_snprintf(text, sizeof(text), format, arguments, sizeof(arguments));
}
