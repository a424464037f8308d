// A choice among many, which becomes a table of jumps in other languages.
// run: choose ctx=0300000000000000 = 33
// run: choose ctx=0600000000000000 = 60
// run: choose ctx=6300000000000000 = 1
#include "common.h"

SEC("raw_tp")
int choose(u64 *ctx)
{
    switch (ctx[0]) {
    case 0: return 10;
    case 1: return 17;
    case 3: return 33;
    case 4: return 48;
    case 6: return 60;
    default: return 1;
    }
}
