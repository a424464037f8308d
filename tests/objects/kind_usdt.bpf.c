// A static probe of user space, whose arguments bpf/usdt.bpf.h finds.
#include "common.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

typedef _Bool bool;
#include <bpf/usdt.bpf.h>

u64 sum;

SEC("usdt")
int BPF_USDT(probe, int first, void *second)
{
    sum += first + bpf_usdt_arg_cnt(ctx);
    return 0;
}

SEC("usdt/libc.so.6:libc:setjmp")
int BPF_USDT(jumps, void *buffer)
{
    sum++;
    return 0;
}
