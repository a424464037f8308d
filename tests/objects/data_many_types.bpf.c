// Variables of every shape that types have.
// run: set = 1
#include "common.h"

struct node {
    struct node *next;
    int (*call)(struct node *node, ...);
    union {
        u64 whole;
        u8 parts[8];
    };
    u32 low : 5, high : 27;
    s8 grid[2][3];
};

typedef struct node node_t;
enum big { SMALL = -1, LARGE = 0x7fffffff };

node_t nodes[2];
enum big big = LARGE;
volatile const char *volatile pointer;
_Bool flags[3];
__int128 wide;

SEC("raw_tp")
int set(void *ctx)
{
    nodes[1].low = 17;
    nodes[1].high = 3;
    nodes[0].grid[1][2] = -4;
    nodes[0].parts[7] = 0xee;
    flags[2] = 1;
    big = SMALL;
    return flags[2];
}
