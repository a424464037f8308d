// Packets per destination port of TCP and UDP, in IPv4 and IPv6, with a VLAN tag or without.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "ether.h"

struct vlan {
	__be16 tci;
	__be16 proto;
};

struct ports {
	__be16 source;
	__be16 dest;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} ports_seen SEC(".maps");

SEC("xdp")
int header_parser(struct xdp_md *ctx)
{
	void *at = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ether *eth = at;
	__be16 proto;
	__u8 transport;

	at = eth + 1;
	if (at > end)
		return XDP_PASS;
	proto = eth->proto;
	if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
		struct vlan *tag = at;

		at = tag + 1;
		if (at > end)
			return XDP_PASS;
		proto = tag->proto;
	}
	if (proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = at;

		if ((void *)(ip + 1) > end || ip->ihl < 5)
			return XDP_PASS;
		transport = ip->protocol;
		at += ip->ihl * 4;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = at;

		at = ip6 + 1;
		if (at > end)
			return XDP_PASS;
		transport = ip6->nexthdr;
	} else {
		return XDP_PASS;
	}
	if (transport != IPPROTO_TCP && transport != IPPROTO_UDP)
		return XDP_PASS;

	struct ports *ports = at;

	if ((void *)(ports + 1) > end)
		return XDP_PASS;

	__u32 port = bpf_ntohs(ports->dest);
	__u64 *count = bpf_map_lookup_elem(&ports_seen, &port);

	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
