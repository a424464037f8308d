// Probes of user space: by path and name, and without either; one may sleep.
#include "common.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

u64 sizes;

SEC("uprobe")
int BPF_KPROBE(anywhere, u64 size)
{
    sizes += size;
    return 0;
}

SEC("uprobe//proc/self/exe:main")
int begins(struct pt_regs *ctx)
{
    return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(returns, u64 value)
{
    sizes -= value;
    return 0;
}

SEC("uprobe.s")
int sleeps(struct pt_regs *ctx)
{
    char text[8];

    return bpf_copy_from_user(text, sizeof(text), (void *)PT_REGS_PARM1(ctx)) ? 1 : 0;
}
