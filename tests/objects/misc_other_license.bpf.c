// Another licence than the GPL.
// run: answer = 1
#define LICENSE "Apache-2.0"
#include "common.h"

SEC("raw_tp")
int answer(void *ctx)
{
    return bpf_get_smp_processor_id() < 100000;
}
