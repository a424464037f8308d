// A program that runs on request, with memory of the caller's as its context.
// run: change ctx=0a000000,00000000 = 10
#include "common.h"

struct request {
    u32 given, answer;
};

SEC("syscall")
int change(struct request *request)
{
    request->answer = request->given * 2;
    return request->given;
}
