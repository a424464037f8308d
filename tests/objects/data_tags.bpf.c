// Tags of functions and variables, for the tools that read types.
// run: add = 5
#include "common.h"

#define TAG(text) __attribute__((btf_decl_tag(text)))

u32 TAG("a variable") counter = 4;

TAG("a function") __attribute__((noinline)) int one(int x TAG("an argument"))
{
    asm volatile("");
    return x;
}

SEC("raw_tp")
int add(void *ctx)
{
    return counter + one(1);
}
