// Drop further SYNs of an address that sent more than a hundred within a second.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "ether.h"

#define SYN 0x02
#define ACK 0x10
#define LIMIT 100
#define WINDOW_NS 1000000000

struct tcp {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
	__u8 offset;
	__u8 flags;
	__be16 window;
	__u16 check;
	__be16 urgent;
};

struct syns {
	__u64 since;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, struct syns);
} seen SEC(".maps");

SEC("xdp")
int syn_flood(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ether *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcp *tcp = (void *)(ip + 1);

	if ((void *)(eth + 1) > end || eth->proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if ((void *)(ip + 1) > end || *(__u8 *)ip != 0x45 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	if ((void *)(tcp + 1) > end || (tcp->flags & (SYN | ACK)) != SYN)
		return XDP_PASS;

	__u64 now = bpf_ktime_get_ns();
	__be32 source = ip->saddr;
	struct syns *syns = bpf_map_lookup_elem(&seen, &source);

	if (!syns) {
		struct syns first = {now, 1};

		bpf_map_update_elem(&seen, &source, &first, BPF_ANY);
		return XDP_PASS;
	}
	if (now - syns->since > WINDOW_NS) {
		syns->since = now;
		syns->count = 1;
		return XDP_PASS;
	}
	__sync_fetch_and_add(&syns->count, 1);
	return syns->count > LIMIT ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
