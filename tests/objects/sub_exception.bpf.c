// A program that ends from within a function, by a kernel function with a handler of its own.
// vm refuses: no kernel function
// run: start data=00*64 = 64
#include "common.h"

extern void bpf_throw(u64 cookie) __ksym;

static __attribute__((noinline)) int check(u32 length)
{
    if (length < 100)
        bpf_throw(length);
    return 0;
}

SEC("tc")
int start(struct __sk_buff *skb)
{
    return check(skb->len) + 1;
}
