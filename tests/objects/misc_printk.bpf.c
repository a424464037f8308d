// Messages to the trace pipe, with texts and many arguments.
// run: say = 1
#include "common.h"

SEC("raw_tp")
int say(void *ctx)
{
    bpf_printk("no argument");
    bpf_printk("four: %d %u %llx %s", -1, 2u, 3ull, "text");
    return 1;
}
