// Decisions of security for the processes of a cgroup.
// host may refuse: EPERM
#include "common.h"

SEC("lsm_cgroup/socket_bind")
int binds(u64 *ctx)
{
    return 1;
}
