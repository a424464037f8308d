// Pointers to constants, of which clang puts the texts elsewhere than it lists them.
// run: look = 1
#include "common.h"

const char *const names[] = {"abc", "def"};
static const char local[] = "xyz";

SEC("raw_tp")
int look(void *ctx)
{
    return local[bpf_get_prandom_u32() & 1] >= 'x';
}
