// Addresses of the kernel, of which no type is known.
// run: look = 1
#include "common.h"

extern const void init_task __ksym;
extern const void schedule __ksym;

SEC("raw_tp")
int look(void *ctx)
{
    return &init_task != &schedule;
}
