// A kernel function that no kernel has.
// refused: kring_function_not_there
#include "common.h"

extern int kring_function_not_there(int x) __ksym;

SEC("raw_tp")
int call(void *ctx)
{
    return kring_function_not_there(1);
}
