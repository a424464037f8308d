// Samples, with the registers and the period.
#include "common.h"
#include <linux/bpf_perf_event.h>

u64 periods;

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
    periods += ctx->sample_period;
    return 0;
}
