// How far each TCP connection is, kept in bit fields: handshake, close, a packet count.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "ether.h"

struct progress {
	__u32 opened : 1;
	__u32 closed : 1;
	__u32 offset : 4;
	__u32 resets : 6;
	__u32 packets : 20;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, struct progress);
} connections SEC(".maps");

SEC("xdp")
int bit_fields(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ether *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(eth + 1) > end || eth->proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if ((void *)(ip + 1) > end || ip->ihl != 5 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	if ((void *)(tcp + 1) > end || tcp->doff < 5)
		return XDP_PASS;

	__be32 source = ip->saddr;
	struct progress *p = bpf_map_lookup_elem(&connections, &source);

	if (!p) {
		struct progress first = {
			.opened = tcp->syn,
			.closed = tcp->fin,
			.offset = tcp->doff,
			.resets = tcp->rst,
			.packets = 1,
		};

		bpf_map_update_elem(&connections, &source, &first, BPF_ANY);
		return XDP_PASS;
	}
	if (tcp->syn)
		p->opened = 1;
	if (tcp->fin || tcp->rst)
		p->closed = 1;
	if (tcp->rst)
		p->resets++;
	p->offset = tcp->doff;
	p->packets++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
