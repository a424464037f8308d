// What flow a packet is part of.
// vm refuses: takes no data
// run: dissect data=00*64
#include "common.h"

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
    skb->flow_keys->nhoff = 14;
    skb->flow_keys->n_proto = 8;
    return BPF_OK;
}
