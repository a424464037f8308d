// An address that no kernel has.
// refused: kring_address_not_there
#include "common.h"

extern const void kring_address_not_there __ksym;

SEC("raw_tp")
int look(void *ctx)
{
    const void *address = &kring_address_not_there;

    asm volatile("" : "+r"(address));
    return address ? 1 : 0;
}
