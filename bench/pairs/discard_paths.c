// Writes by people, neither failed nor tiny nor from threads: a record that four reasons drop.
//
//   -DNO_COUNTER      a full ring is not counted

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "drops.h"

struct sys_exit_write {
	__u64 common;
	__u64 nr;
	__s64 ret;
};

struct write {
	__u64 ns;
	__u32 pid;
	__u32 uid;
	__u64 bytes;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} writes SEC(".maps");

SEC("tracepoint/syscalls/sys_exit_write")
int discard_paths(struct sys_exit_write *ctx)
{
	struct write *w = bpf_ringbuf_reserve(&writes, sizeof(*w), 0);
	__u32 uid;
	__u64 id;

	if (!w) {
		count_drop();
		return 0;
	}
	if (ctx->ret < 0)
		goto discard;
	w->bytes = ctx->ret;
	if (w->bytes < 16)
		goto discard;
	id = bpf_get_current_pid_tgid();
	w->pid = id >> 32;
	if (w->pid != (__u32)id)
		goto discard;
	uid = bpf_get_current_uid_gid();
	w->uid = uid;
	if (uid >= 65534)
		goto discard;
	w->ns = bpf_ktime_get_ns();
	bpf_get_current_comm(w->comm, sizeof(w->comm));
	bpf_ringbuf_submit(w, 0);
	return 0;
discard:
	bpf_ringbuf_discard(w, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
