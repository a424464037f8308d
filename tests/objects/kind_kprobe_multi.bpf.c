// Probes of all kernel functions of a pattern, and of a system call by name.
#include "common.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

u64 calls;

SEC("kprobe.multi/tcp_*")
int many(struct pt_regs *ctx)
{
    calls++;
    return 0;
}

SEC("ksyscall/nanosleep")
int sleeps(struct pt_regs *ctx)
{
    calls++;
    return 0;
}
