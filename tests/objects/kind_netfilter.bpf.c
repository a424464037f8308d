// Packets at a hook of netfilter: libbpf 1.1 has no name for it.
// libbpf refuses: netfilter
#include "common.h"

struct bpf_nf_ctx;

SEC("netfilter")
int accept(struct bpf_nf_ctx *ctx)
{
    return 1;
}
