// As many programs as a macro writes.
// run: p3 = 3
// run: p15 = 15
#include "common.h"

#define PROGRAM(n)                                                                                 \
    SEC("raw_tp/sched_switch")                                                                     \
    int p##n(void *ctx)                                                                            \
    {                                                                                              \
        return n;                                                                                  \
    }
#define FOUR(a, b, c, d) PROGRAM(a) PROGRAM(b) PROGRAM(c) PROGRAM(d)

FOUR(0, 1, 2, 3)
FOUR(4, 5, 6, 7)
FOUR(8, 9, 10, 11)
FOUR(12, 13, 14, 15)
