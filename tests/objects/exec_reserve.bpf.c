// The exec demo, third form: a record built in the ring itself.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
    int pid;
    char comm[16];
    char filename[512];
};

struct exec_args {
    unsigned long long common;
    int filename_loc;
    int pid;
    int old_pid;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("tp/sched/sched_process_exec")
int on_exec(struct exec_args *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

    if (!e)
        return 0;
    e->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(e->comm, sizeof(e->comm));
    bpf_probe_read_kernel_str(e->filename, sizeof(e->filename),
                              (void *)ctx + (ctx->filename_loc & 0xffff));
    bpf_ringbuf_submit(e, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
