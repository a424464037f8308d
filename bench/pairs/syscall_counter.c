// Count system calls per process.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

SEC("tracepoint/raw_syscalls/sys_enter")
int syscall_counter(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 *count = bpf_map_lookup_elem(&calls, &pid);

	if (!count) {
		__u64 zero = 0;

		// Two that find nothing must not both store: one of their counts would be lost.
		bpf_map_update_elem(&calls, &pid, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&calls, &pid);
		if (!count)
			return 0;
	}
	__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
