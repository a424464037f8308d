// A system call, whose arguments are where the kernel's wrappers of such calls keep them.
// differs: .kconfig
#include "common.h"
#include <bpf/bpf_core_read.h>

#define __VMLINUX_H__
#include <bpf/bpf_tracing.h>

struct pt_regs {
    unsigned long di, si, dx, r10, r8, r9, ax, ip;
} __attribute__((preserve_access_index));

u64 sum;

SEC("ksyscall/kill")
int BPF_KSYSCALL(kills, int pid, int signal)
{
    sum += pid + signal;
    return 0;
}

SEC("kretsyscall/kill")
int BPF_KRETPROBE(killed, int result)
{
    sum += result;
    return 0;
}
