// Types: whether they are there, how large they are, their numbers here and in the kernel.
// run: ask = 1
#include "common.h"
#include <bpf/bpf_core_read.h>

struct task_struct {
    int pid;
};
struct kring_no_such_struct {
    int field;
};
struct list_head {
    struct list_head *next, *prev;
};
typedef int pid_t;

u64 sizes[3], ids[2];

SEC("raw_tp")
int ask(void *ctx)
{
    sizes[0] = bpf_core_type_size(struct task_struct);
    sizes[1] = bpf_core_type_size(struct list_head);
    sizes[2] = bpf_core_type_size(pid_t);
    ids[0] = bpf_core_type_id_local(struct list_head);
    ids[1] = bpf_core_type_id_kernel(struct list_head);
    return bpf_core_type_exists(struct task_struct) |
           bpf_core_type_exists(struct kring_no_such_struct) << 1;
}
