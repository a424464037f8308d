// A helper for programs under the GPL only, in one without a licence.
// refused: GPL
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp")
int call(void *ctx)
{
    char text[8];

    return bpf_probe_read_kernel(text, sizeof(text), ctx);
}
