// Memory that programs and user space share: a kind of map that libbpf 1.1 has not heard of, made
// all the same; the program only lets the verifier know it.
// vm refuses: no ARENA
// run: touch = 1
#include "common.h"

struct {
    __uint(type, 33);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 2);
    __uint(map_extra, 1 << 28);
} arena SEC(".maps");

SEC("syscall")
int touch(void *ctx)
{
    void *map = &arena;

    asm volatile("" : "+r"(map));
    return map ? 1 : 0;
}
