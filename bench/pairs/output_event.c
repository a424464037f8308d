// Send a record of every file descriptor that is closed.
//
//   -DNO_COUNTER      a full ring is not counted

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "drops.h"

struct sys_enter_close {
	__u64 common;
	__u64 nr;
	__u64 fd;
};

struct closed {
	__u64 ns;
	__u32 pid;
	__u32 fd;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} closed SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_close")
int output_event(struct sys_enter_close *ctx)
{
	struct closed e;

	e.ns = bpf_ktime_get_ns();
	e.pid = bpf_get_current_pid_tgid() >> 32;
	e.fd = ctx->fd;
	bpf_get_current_comm(e.comm, sizeof(e.comm));
	if (bpf_ringbuf_output(&closed, &e, sizeof(e), 0))
		count_drop();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
