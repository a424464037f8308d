// A kernel function that no kernel has: its address is null, and the call is never verified. Each
// loader spoils the call in its own way.
// differs: programs
// run: call = 4
#include "common.h"

extern int kring_function_not_there(int x) __ksym __weak;

SEC("raw_tp")
int call(void *ctx)
{
    if (kring_function_not_there)
        return kring_function_not_there(1);
    return 4;
}
