// Let each address send so many bytes a second, and some more at once; drop the rest.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "ether.h"

#define SECOND_NS 1000000000
#define BURST (1 << 20)

struct bucket {
	__u64 filled;
	__u64 bytes;
};

volatile __u64 rate = 1000000;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, struct bucket);
} buckets SEC(".maps");

SEC("xdp")
int rate_limiter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ether *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > end || eth->proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if ((void *)(ip + 1) > end)
		return XDP_PASS;

	__u64 now = bpf_ktime_get_ns();
	__u64 size = end - data;
	__be32 source = ip->saddr;
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &source);

	if (!bucket) {
		struct bucket first = {now, BURST - size};

		bpf_map_update_elem(&buckets, &source, &first, BPF_ANY);
		return XDP_PASS;
	}

	__u64 room = bucket->bytes + (now - bucket->filled) * rate / SECOND_NS;

	if (room > BURST)
		room = BURST;
	bucket->filled = now;
	if (room < size) {
		bucket->bytes = room;
		return XDP_DROP;
	}
	bucket->bytes = room - size;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
