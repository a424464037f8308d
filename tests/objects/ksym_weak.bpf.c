// Variables and addresses that no kernel has: null, as they are weak.
// run: look = 0
#include "common.h"

extern const void kring_address_not_there __ksym __weak;
extern const int kring_variable_not_there __ksym __weak;

SEC("raw_tp")
int look(void *ctx)
{
    if (&kring_variable_not_there)
        return kring_variable_not_there;
    return &kring_address_not_there ? 2 : 0;
}
