// Who starts programs: ids, owner, parent, age and flags of the process.
//
//   -DNO_COUNTER      a full ring is not counted

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "drops.h"

struct task_struct {
	unsigned int flags;
	int tgid;
	__u64 start_time;
	struct task_struct *real_parent;
	char comm[16];
} __attribute__((preserve_access_index));

struct process {
	__u64 ns;
	__u64 started_ns;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 gid;
	__u32 parent;
	__u32 parent_of_parent;
	__u32 flags;
	__u32 cpu;
	char comm[16];
	char parent_comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} processes SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_execve")
int process_info(void *ctx)
{
	struct process *p = bpf_ringbuf_reserve(&processes, sizeof(*p), 0);

	if (!p) {
		count_drop();
		return 0;
	}

	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *parent = task->real_parent;
	__u64 id, owner;

	p->ns = bpf_ktime_get_ns();
	p->started_ns = task->start_time;
	id = bpf_get_current_pid_tgid();
	p->pid = id >> 32;
	p->tid = id;
	owner = bpf_get_current_uid_gid();
	p->uid = owner;
	p->gid = owner >> 32;
	p->parent = parent->tgid;
	p->parent_of_parent = parent->real_parent->tgid;
	p->flags = task->flags;
	p->cpu = bpf_get_smp_processor_id();
	bpf_get_current_comm(p->comm, sizeof(p->comm));
	bpf_probe_read_kernel_str(p->parent_comm, sizeof(p->parent_comm), parent->comm);
	bpf_ringbuf_submit(p, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
