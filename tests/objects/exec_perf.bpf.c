// The exec demo, first form: a record built in a per-CPU heap, sent to a perf buffer.
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
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, int);
    __type(value, struct event);
} heap SEC(".maps");

SEC("tp/sched/sched_process_exec")
int on_exec(struct exec_args *ctx)
{
    int zero = 0;
    struct event *e = bpf_map_lookup_elem(&heap, &zero);

    if (!e)
        return 0;
    e->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(e->comm, sizeof(e->comm));
    bpf_probe_read_kernel_str(e->filename, sizeof(e->filename),
                              (void *)ctx + (ctx->filename_loc & 0xffff));
    bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, sizeof(*e));
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
