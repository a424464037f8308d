// Variables with and without a first value, of several types.
// run: change = 1
// run: change = 2
#include "common.h"

enum state { IDLE, BUSY = 7 };

u64 calls;
s16 countdown = -5;
enum state state;
char name[8] = "kring";
u8 bytes[3] = {1, 2, 3};

SEC("raw_tp")
int change(void *ctx)
{
    calls++;
    countdown--;
    state = BUSY;
    name[0] = 'K';
    bytes[2] = calls;
    return calls;
}
