// Filters of sockets, which say how many bytes to keep; packets read as classic filters do.
// vm refuses: classic BPF
// run: keep data=11*14,45*50 = 73
#include "common.h"

unsigned long long load_byte(void *skb, unsigned long long offset) asm("llvm.bpf.load.byte");

SEC("socket")
int keep(struct __sk_buff *skb)
{
    return load_byte(skb, 0) + 4;
}
