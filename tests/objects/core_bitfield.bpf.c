// Fields of bits: how far to shift, and what they hold.
// run: ask = 0
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    unsigned int sched_reset_on_fork : 1;
    unsigned int in_execve : 1;
} __attribute__((preserve_access_index));

struct sk_buff {
    u8 pkt_type : 3;
    u8 ip_summed : 2;
} __attribute__((preserve_access_index));

u64 shifts[6];

SEC("raw_tp")
int ask(void *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct sk_buff *skb = 0;

    shifts[0] = __builtin_preserve_field_info(task->in_execve, 4);
    shifts[1] = __builtin_preserve_field_info(task->in_execve, 5);
    shifts[2] = __builtin_preserve_field_info(skb->ip_summed, 0);
    shifts[3] = __builtin_preserve_field_info(skb->ip_summed, 1);
    shifts[4] = __builtin_preserve_field_info(skb->ip_summed, 4);
    shifts[5] = __builtin_preserve_field_info(skb->ip_summed, 5);
    return BPF_CORE_READ_BITFIELD(task, sched_reset_on_fork) +
           BPF_CORE_READ_BITFIELD_PROBED(task, in_execve);
}
