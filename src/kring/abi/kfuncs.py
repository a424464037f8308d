"""Kernel functions that give an object, and those that give it back.

The kernel keeps this beside its types, as flags that no program can read (KF_ACQUIRE).
"""

from __future__ import annotations

_PAIRS = {
    "bpf_task_release": "bpf_task_acquire bpf_task_from_pid bpf_task_from_vpid",
    "bpf_cgroup_release": (
        "bpf_cgroup_acquire bpf_cgroup_ancestor bpf_cgroup_from_id bpf_task_get_cgroup1"
    ),
    "bpf_cpumask_release": "bpf_cpumask_create bpf_cpumask_acquire",
    "bpf_put_file": "bpf_get_task_exe_file",
    "bpf_key_put": "bpf_lookup_user_key bpf_lookup_system_key",
    "bpf_ct_release": "bpf_xdp_ct_lookup bpf_skb_ct_lookup bpf_ct_insert_entry",
}

ACQUIRES = {name: end for end, names in _PAIRS.items() for name in names.split()}
"""What gives back the object that a kernel function returns."""
