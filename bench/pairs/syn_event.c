// Tell user space of every TCP connection that somebody tries to open.
//
//   -DNO_COUNTER      a full ring is not counted

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "drops.h"
#include "ether.h"

#define SYN 0x02
#define ACK 0x10

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

struct syn {
	__u64 ns;
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u32 padding;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} syns SEC(".maps");

SEC("xdp")
int syn_event(struct xdp_md *ctx)
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

	struct syn *syn = bpf_ringbuf_reserve(&syns, sizeof(*syn), 0);

	if (!syn) {
		count_drop();
		return XDP_PASS;
	}
	syn->ns = bpf_ktime_get_ns();
	syn->saddr = ip->saddr;
	syn->daddr = ip->daddr;
	syn->sport = tcp->source;
	syn->dport = tcp->dest;
	syn->padding = 0;
	bpf_ringbuf_submit(syn, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
