// Decisions of security, also by a program that may sleep.
// host may refuse: EPERM
#include "common.h"
#include <bpf/bpf_tracing.h>

struct file;

SEC("lsm/file_open")
int BPF_PROG(opens, struct file *file)
{
    return 0;
}

SEC("lsm.s/file_open")
int BPF_PROG(opens_slowly, struct file *file)
{
    return 0;
}
