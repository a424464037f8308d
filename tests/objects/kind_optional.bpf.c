// A program that is only loaded when asked for: its hook is not there.
// libbpf refuses: wasn't loaded
// run: always = 1
#include "common.h"

SEC("?fentry/kring_no_such_function")
int sometimes(u64 *ctx)
{
    return 0;
}

SEC("raw_tp")
int always(void *ctx)
{
    return 1;
}
