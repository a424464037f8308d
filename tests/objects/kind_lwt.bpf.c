// Light-weight tunnels.
// run: in data=00*64 = 0
// run: send data=00*64 = 0
#include "common.h"

SEC("lwt_in")
int in(struct __sk_buff *skb)
{
    return BPF_OK;
}

SEC("lwt_out")
int out(struct __sk_buff *skb)
{
    return BPF_OK;
}

SEC("lwt_xmit")
int send(struct __sk_buff *skb)
{
    skb->mark = 1;
    return BPF_OK;
}

SEC("lwt_seg6local")
int local(struct __sk_buff *skb)
{
    return BPF_OK;
}
