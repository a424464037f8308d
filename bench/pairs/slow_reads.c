// Reads that take longer than a millisecond, and how many reads each process made.
//
//   -DNO_COUNTER      a full ring is not counted

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "drops.h"

#define MIN_NS 1000000

struct trace_event_raw_sys_exit {
	long id;
	long ret;
} __attribute__((preserve_access_index));

struct slow {
	__u32 pid;
	__u32 padding;
	__u64 ns;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} start SEC(".maps"), calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} slow SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_read")
int enter(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 ns = bpf_ktime_get_ns();

	bpf_map_update_elem(&start, &tid, &ns, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_read")
int leave(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id, pid = id >> 32;
	__u64 *t0 = bpf_map_lookup_elem(&start, &tid);

	if (!t0)
		return 0;

	__u64 began = *t0;

	bpf_map_delete_elem(&start, &tid);

	__u64 *count = bpf_map_lookup_elem(&calls, &pid);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&calls, &pid, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&calls, &pid);
	}
	if (count)
		__sync_fetch_and_add(count, 1);

	struct slow *e = bpf_ringbuf_reserve(&slow, sizeof(*e), 0);

	if (!e) {
		count_drop();
		return 0;
	}

	__u64 ns = bpf_ktime_get_ns() - began;

	e->ns = ns;
	if (ns < MIN_NS || ctx->ret < 0) {
		bpf_ringbuf_discard(e, 0);
		return 0;
	}
	e->pid = pid;
	e->padding = 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
