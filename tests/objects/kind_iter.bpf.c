// Iterators over tasks and over the entries of maps.
#include "common.h"
#include <bpf/bpf_tracing.h>

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
    u64 session_id, seq_num;
} __attribute__((preserve_access_index));

struct task_struct {
    int pid;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
    struct bpf_iter_meta *meta;
    void *map, *key, *value;
} __attribute__((preserve_access_index));

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;

    if (task)
        BPF_SEQ_PRINTF(ctx->meta->seq, "%d\n", task->pid);
    return 0;
}

SEC("iter/bpf_map_elem")
int entries(struct bpf_iter__bpf_map_elem *ctx)
{
    u32 *key = ctx->key;

    if (key)
        bpf_seq_write(ctx->meta->seq, key, sizeof(*key));
    return 0;
}

SEC("iter.s/task")
int slowly(struct bpf_iter__task *ctx)
{
    return 0;
}
