// Probes of kernel functions and system calls, one or many at once.
#include "common.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

u64 first, returned;

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlinks, int dfd)
{
    first = dfd;
    return 0;
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(unlinked, long ret)
{
    returned = ret;
    return 0;
}

SEC("kprobe")
int anywhere(struct pt_regs *ctx)
{
    first = PT_REGS_IP(ctx);
    return 0;
}
