// A variable that no kernel has.
// refused: kring_variable_not_there
#include "common.h"

extern const int kring_variable_not_there __ksym;

SEC("raw_tp")
int look(void *ctx)
{
    return kring_variable_not_there;
}
