// An object without a licence that calls nothing that wants one.
// run: answer data=00*64 = 2
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int answer(struct xdp_md *ctx)
{
    return XDP_PASS;
}
