// The kernel half of exec_snoop.py in C, as one writes it by hand for libbpf: the same record, the
// same ring, the same count of failed reserves. What `codesize` compiles and `coldstart` loads.
//
//   -DNO_COUNTER      a full ring is not counted

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "drops.h"

#define FROM_KERNEL __attribute__((preserve_access_index))

struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} FROM_KERNEL;

struct trace_event_raw_sched_process_exec {
	__u32 __data_loc_filename;
} FROM_KERNEL;

struct exec {
	__u32 pid;
	__u32 ppid;
	char comm[16];
	char filename[512];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int on_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct exec *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_drop();
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ppid = bpf_get_current_task_btf()->real_parent->tgid;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_kernel_str(e->filename, sizeof(e->filename),
				  (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
