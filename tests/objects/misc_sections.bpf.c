// Sections that are nobody's: notes, strings and data of other tools.
// run: answer = 6
#include "common.h"

const char note[] SEC(".note.kring") = "note";
const char other[] SEC("kring_metadata") = "other";

SEC("raw_tp")
int answer(void *ctx)
{
    return 6;
}
