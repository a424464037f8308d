// Let each address be sent so many bytes, marked with their class of service; then no more.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "ether.h"

#define HEADERS (sizeof(struct ether) + sizeof(struct iphdr))

volatile __u64 most = 1 << 30;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, __u64);
} sent SEC(".maps");

SEC("tc")
int tc_budget(struct __sk_buff *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if (data + HEADERS > end) {
		// In pieces, or short: if short, this fails and what follows finds it out.
		bpf_skb_pull_data(ctx, HEADERS);
		data = (void *)(long)ctx->data;
		end = (void *)(long)ctx->data_end;
	}

	struct ether *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > end || eth->proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if ((void *)(ip + 1) > end)
		return TC_ACT_OK;
	ctx->mark = ip->tos >> 2;

	__be32 to = ip->daddr;
	__u64 *count = bpf_map_lookup_elem(&sent, &to);

	if (!count) {
		__u64 zero = 0;

		// Two that find nothing must not both store: one of their counts would be lost.
		bpf_map_update_elem(&sent, &to, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&sent, &to);
	}

	__u64 before = count ? __sync_fetch_and_add(count, ctx->len) : 0;

	return before > most ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
