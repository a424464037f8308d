// How long threads wait for a CPU once they can run: a histogram of powers of two.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TASK_RUNNING 0

#define FROM_KERNEL __attribute__((preserve_access_index))

struct trace_event_raw_sched_wakeup_template {
	int pid;
} FROM_KERNEL;

struct trace_event_raw_sched_switch {
	int prev_pid;
	long prev_state;
	int next_pid;
} FROM_KERNEL;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} woken SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} latency SEC(".maps");

static __always_inline __u32 log2(__u64 n)
{
	__u32 power = 0;

	if (n >= 1ULL << 32) {
		n >>= 32;
		power += 32;
	}
	if (n >= 1 << 16) {
		n >>= 16;
		power += 16;
	}
	if (n >= 1 << 8) {
		n >>= 8;
		power += 8;
	}
	if (n >= 1 << 4) {
		n >>= 4;
		power += 4;
	}
	if (n >= 1 << 2) {
		n >>= 2;
		power += 2;
	}
	if (n >= 1 << 1)
		power += 1;
	return power;
}

static __always_inline int remember(__u32 pid, __u64 now)
{
	bpf_map_update_elem(&woken, &pid, &now, BPF_ANY);
	return 0;
}

SEC("tracepoint/sched/sched_wakeup")
int wakeup(struct trace_event_raw_sched_wakeup_template *ctx)
{
	return remember(ctx->pid, bpf_ktime_get_ns());
}

SEC("tracepoint/sched/sched_wakeup_new")
int wakeup_new(struct trace_event_raw_sched_wakeup_template *ctx)
{
	return remember(ctx->pid, bpf_ktime_get_ns());
}

SEC("tracepoint/sched/sched_switch")
int switch_(struct trace_event_raw_sched_switch *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	if (ctx->prev_state == TASK_RUNNING)
		remember(ctx->prev_pid, now);

	__u32 next = ctx->next_pid;
	__u64 *since = bpf_map_lookup_elem(&woken, &next);

	if (!since)
		return 0;

	__u32 slot = log2(now - *since);

	bpf_map_delete_elem(&woken, &next);

	__u64 *count = bpf_map_lookup_elem(&latency, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
