"""The kernel's helpers, for programs to call by name: `helpers.get_prandom_u32()`.

Arguments are those of the kernel's function, in its order, and are checked when the program is
compiled. A map is given by its declaration, memory by a struct or a string in it, its size by
`sizeof(T)`, the context by the program's parameter. Each docstring is the kernel's prototype.

Made by scripts/helpers from the prototypes of <linux/bpf.h>.
"""

from __future__ import annotations

from typing import Any

from kring.decl.inside import only_inside
from kring.decl.kernel import KernelStruct
from kring.decl.maps import MapDeclaration
from kring.decl.structs import task_struct


def map_lookup_elem(map: MapDeclaration, key: object, /) -> Any:
    """`void *bpf_map_lookup_elem(struct bpf_map *map, const void *key)`"""
    only_inside("map_lookup_elem()")


def map_update_elem(map: MapDeclaration, key: object, value: object, flags: int, /) -> int:
    """`long bpf_map_update_elem(
    struct bpf_map *map, const void *key, const void *value, u64 flags)`
    """
    only_inside("map_update_elem()")


def map_delete_elem(map: MapDeclaration, key: object, /) -> int:
    """`long bpf_map_delete_elem(struct bpf_map *map, const void *key)`"""
    only_inside("map_delete_elem()")


def probe_read(dst: object, size: int, unsafe_ptr: int, /) -> int:
    """`long bpf_probe_read(void *dst, u32 size, const void *unsafe_ptr)`"""
    only_inside("probe_read()")


def ktime_get_ns() -> int:
    """`u64 bpf_ktime_get_ns(void)`"""
    only_inside("ktime_get_ns()")


def trace_printk(fmt: object, fmt_size: int, arg1: int, arg2: int, arg3: int, /) -> int:
    """`long bpf_trace_printk(const char *fmt, u32 fmt_size, ...)`"""
    only_inside("trace_printk()")


def get_prandom_u32() -> int:
    """`u32 bpf_get_prandom_u32(void)`"""
    only_inside("get_prandom_u32()")


def get_smp_processor_id() -> int:
    """`u32 bpf_get_smp_processor_id(void)`"""
    only_inside("get_smp_processor_id()")


def skb_store_bytes(skb: object, offset: int, from_: object, len: int, flags: int, /) -> int:
    """`long bpf_skb_store_bytes(
    struct sk_buff *skb, u32 offset, const void *from, u32 len, u64 flags)`
    """
    only_inside("skb_store_bytes()")


def l3_csum_replace(skb: object, offset: int, from_: int, to: int, size: int, /) -> int:
    """`long bpf_l3_csum_replace(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 size)`"""
    only_inside("l3_csum_replace()")


def l4_csum_replace(skb: object, offset: int, from_: int, to: int, flags: int, /) -> int:
    """`long bpf_l4_csum_replace(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags)`"""
    only_inside("l4_csum_replace()")


def tail_call(ctx: object, prog_array_map: MapDeclaration, index: int, /) -> int:
    """`long bpf_tail_call(void *ctx, struct bpf_map *prog_array_map, u32 index)`"""
    only_inside("tail_call()")


def clone_redirect(skb: object, ifindex: int, flags: int, /) -> int:
    """`long bpf_clone_redirect(struct sk_buff *skb, u32 ifindex, u64 flags)`"""
    only_inside("clone_redirect()")


def get_current_pid_tgid() -> int:
    """`u64 bpf_get_current_pid_tgid(void)`"""
    only_inside("get_current_pid_tgid()")


def get_current_uid_gid() -> int:
    """`u64 bpf_get_current_uid_gid(void)`"""
    only_inside("get_current_uid_gid()")


def get_current_comm(buf: object, size_of_buf: int, /) -> int:
    """`long bpf_get_current_comm(void *buf, u32 size_of_buf)`"""
    only_inside("get_current_comm()")


def get_cgroup_classid(skb: object, /) -> int:
    """`u32 bpf_get_cgroup_classid(struct sk_buff *skb)`"""
    only_inside("get_cgroup_classid()")


def skb_vlan_push(skb: object, vlan_proto: int, vlan_tci: int, /) -> int:
    """`long bpf_skb_vlan_push(struct sk_buff *skb, __be16 vlan_proto, u16 vlan_tci)`"""
    only_inside("skb_vlan_push()")


def skb_vlan_pop(skb: object, /) -> int:
    """`long bpf_skb_vlan_pop(struct sk_buff *skb)`"""
    only_inside("skb_vlan_pop()")


def skb_get_tunnel_key(skb: object, key: object, size: int, flags: int, /) -> int:
    """`long bpf_skb_get_tunnel_key(
    struct sk_buff *skb, struct bpf_tunnel_key *key, u32 size, u64 flags)`
    """
    only_inside("skb_get_tunnel_key()")


def skb_set_tunnel_key(skb: object, key: object, size: int, flags: int, /) -> int:
    """`long bpf_skb_set_tunnel_key(
    struct sk_buff *skb, struct bpf_tunnel_key *key, u32 size, u64 flags)`
    """
    only_inside("skb_set_tunnel_key()")


def perf_event_read(map: MapDeclaration, flags: int, /) -> int:
    """`u64 bpf_perf_event_read(struct bpf_map *map, u64 flags)`"""
    only_inside("perf_event_read()")


def redirect(ifindex: int, flags: int, /) -> int:
    """`long bpf_redirect(u32 ifindex, u64 flags)`"""
    only_inside("redirect()")


def get_route_realm(skb: object, /) -> int:
    """`u32 bpf_get_route_realm(struct sk_buff *skb)`"""
    only_inside("get_route_realm()")


def perf_event_output(
    ctx: object,
    map: MapDeclaration,
    flags: int,
    data: object,
    size: int,
    /,
) -> int:
    """`long bpf_perf_event_output(
    void *ctx, struct bpf_map *map, u64 flags, void *data, u64 size)`
    """
    only_inside("perf_event_output()")


def skb_load_bytes(skb: object, offset: int, to: object, len: int, /) -> int:
    """`long bpf_skb_load_bytes(const void *skb, u32 offset, void *to, u32 len)`"""
    only_inside("skb_load_bytes()")


def get_stackid(ctx: object, map: MapDeclaration, flags: int, /) -> int:
    """`long bpf_get_stackid(void *ctx, struct bpf_map *map, u64 flags)`"""
    only_inside("get_stackid()")


def csum_diff(from_: object, from_size: int, to: object, to_size: int, seed: int, /) -> int:
    """`s64 bpf_csum_diff(__be32 *from, u32 from_size, __be32 *to, u32 to_size, __wsum seed)`"""
    only_inside("csum_diff()")


def skb_get_tunnel_opt(skb: object, opt: object, size: int, /) -> int:
    """`long bpf_skb_get_tunnel_opt(struct sk_buff *skb, void *opt, u32 size)`"""
    only_inside("skb_get_tunnel_opt()")


def skb_set_tunnel_opt(skb: object, opt: object, size: int, /) -> int:
    """`long bpf_skb_set_tunnel_opt(struct sk_buff *skb, void *opt, u32 size)`"""
    only_inside("skb_set_tunnel_opt()")


def skb_change_proto(skb: object, proto: int, flags: int, /) -> int:
    """`long bpf_skb_change_proto(struct sk_buff *skb, __be16 proto, u64 flags)`"""
    only_inside("skb_change_proto()")


def skb_change_type(skb: object, type: int, /) -> int:
    """`long bpf_skb_change_type(struct sk_buff *skb, u32 type)`"""
    only_inside("skb_change_type()")


def skb_under_cgroup(skb: object, map: MapDeclaration, index: int, /) -> int:
    """`long bpf_skb_under_cgroup(struct sk_buff *skb, struct bpf_map *map, u32 index)`"""
    only_inside("skb_under_cgroup()")


def get_hash_recalc(skb: object, /) -> int:
    """`u32 bpf_get_hash_recalc(struct sk_buff *skb)`"""
    only_inside("get_hash_recalc()")


def get_current_task() -> int:
    """`u64 bpf_get_current_task(void)`"""
    only_inside("get_current_task()")


def probe_write_user(dst: int, src: object, len: int, /) -> int:
    """`long bpf_probe_write_user(void *dst, const void *src, u32 len)`"""
    only_inside("probe_write_user()")


def current_task_under_cgroup(map: MapDeclaration, index: int, /) -> int:
    """`long bpf_current_task_under_cgroup(struct bpf_map *map, u32 index)`"""
    only_inside("current_task_under_cgroup()")


def skb_change_tail(skb: object, len: int, flags: int, /) -> int:
    """`long bpf_skb_change_tail(struct sk_buff *skb, u32 len, u64 flags)`"""
    only_inside("skb_change_tail()")


def skb_pull_data(skb: object, len: int, /) -> int:
    """`long bpf_skb_pull_data(struct sk_buff *skb, u32 len)`"""
    only_inside("skb_pull_data()")


def csum_update(skb: object, csum: int, /) -> int:
    """`s64 bpf_csum_update(struct sk_buff *skb, __wsum csum)`"""
    only_inside("csum_update()")


def set_hash_invalid(skb: object, /) -> None:
    """`void bpf_set_hash_invalid(struct sk_buff *skb)`"""
    only_inside("set_hash_invalid()")


def get_numa_node_id() -> int:
    """`long bpf_get_numa_node_id(void)`"""
    only_inside("get_numa_node_id()")


def skb_change_head(skb: object, len: int, flags: int, /) -> int:
    """`long bpf_skb_change_head(struct sk_buff *skb, u32 len, u64 flags)`"""
    only_inside("skb_change_head()")


def xdp_adjust_head(xdp_md: object, delta: int, /) -> int:
    """`long bpf_xdp_adjust_head(struct xdp_buff *xdp_md, int delta)`"""
    only_inside("xdp_adjust_head()")


def probe_read_str(dst: object, size: int, unsafe_ptr: int, /) -> int:
    """`long bpf_probe_read_str(void *dst, u32 size, const void *unsafe_ptr)`"""
    only_inside("probe_read_str()")


def get_socket_cookie(skb: object, /) -> int:
    """`u64 bpf_get_socket_cookie(struct sk_buff *skb)`"""
    only_inside("get_socket_cookie()")


def get_socket_uid(skb: object, /) -> int:
    """`u32 bpf_get_socket_uid(struct sk_buff *skb)`"""
    only_inside("get_socket_uid()")


def set_hash(skb: object, hash: int, /) -> int:
    """`long bpf_set_hash(struct sk_buff *skb, u32 hash)`"""
    only_inside("set_hash()")


def setsockopt(bpf_socket: object, level: int, optname: int, optval: object, optlen: int, /) -> int:
    """`long bpf_setsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)`"""
    only_inside("setsockopt()")


def skb_adjust_room(skb: object, len_diff: int, mode: int, flags: int, /) -> int:
    """`long bpf_skb_adjust_room(struct sk_buff *skb, s32 len_diff, u32 mode, u64 flags)`"""
    only_inside("skb_adjust_room()")


def redirect_map(map: MapDeclaration, key: int, flags: int, /) -> int:
    """`long bpf_redirect_map(struct bpf_map *map, u32 key, u64 flags)`"""
    only_inside("redirect_map()")


def sk_redirect_map(skb: object, map: MapDeclaration, key: int, flags: int, /) -> int:
    """`long bpf_sk_redirect_map(struct sk_buff *skb, struct bpf_map *map, u32 key, u64 flags)`"""
    only_inside("sk_redirect_map()")


def sock_map_update(skops: object, map: MapDeclaration, key: object, flags: int, /) -> int:
    """`long bpf_sock_map_update(
    struct bpf_sock_ops *skops, struct bpf_map *map, void *key, u64 flags)`
    """
    only_inside("sock_map_update()")


def xdp_adjust_meta(xdp_md: object, delta: int, /) -> int:
    """`long bpf_xdp_adjust_meta(struct xdp_buff *xdp_md, int delta)`"""
    only_inside("xdp_adjust_meta()")


def perf_event_read_value(map: MapDeclaration, flags: int, buf: object, buf_size: int, /) -> int:
    """`long bpf_perf_event_read_value(
    struct bpf_map *map, u64 flags, struct bpf_perf_event_value *buf, u32 buf_size)`
    """
    only_inside("perf_event_read_value()")


def perf_prog_read_value(ctx: object, buf: object, buf_size: int, /) -> int:
    """`long bpf_perf_prog_read_value(
    struct bpf_perf_event_data *ctx, struct bpf_perf_event_value *buf, u32 buf_size)`
    """
    only_inside("perf_prog_read_value()")


def getsockopt(bpf_socket: object, level: int, optname: int, optval: object, optlen: int, /) -> int:
    """`long bpf_getsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)`"""
    only_inside("getsockopt()")


def override_return(regs: object, rc: int, /) -> int:
    """`long bpf_override_return(struct pt_regs *regs, u64 rc)`"""
    only_inside("override_return()")


def sock_ops_cb_flags_set(bpf_sock: object, argval: int, /) -> int:
    """`long bpf_sock_ops_cb_flags_set(struct bpf_sock_ops *bpf_sock, int argval)`"""
    only_inside("sock_ops_cb_flags_set()")


def msg_redirect_map(msg: object, map: MapDeclaration, key: int, flags: int, /) -> int:
    """`long bpf_msg_redirect_map(
    struct sk_msg_buff *msg, struct bpf_map *map, u32 key, u64 flags)`
    """
    only_inside("msg_redirect_map()")


def msg_apply_bytes(msg: object, bytes: int, /) -> int:
    """`long bpf_msg_apply_bytes(struct sk_msg_buff *msg, u32 bytes)`"""
    only_inside("msg_apply_bytes()")


def msg_cork_bytes(msg: object, bytes: int, /) -> int:
    """`long bpf_msg_cork_bytes(struct sk_msg_buff *msg, u32 bytes)`"""
    only_inside("msg_cork_bytes()")


def msg_pull_data(msg: object, start: int, end: int, flags: int, /) -> int:
    """`long bpf_msg_pull_data(struct sk_msg_buff *msg, u32 start, u32 end, u64 flags)`"""
    only_inside("msg_pull_data()")


def bind(ctx: object, addr: object, addr_len: int, /) -> int:
    """`long bpf_bind(struct bpf_sock_addr *ctx, struct sockaddr *addr, int addr_len)`"""
    only_inside("bind()")


def xdp_adjust_tail(xdp_md: object, delta: int, /) -> int:
    """`long bpf_xdp_adjust_tail(struct xdp_buff *xdp_md, int delta)`"""
    only_inside("xdp_adjust_tail()")


def skb_get_xfrm_state(
    skb: object,
    index: int,
    xfrm_state: object,
    size: int,
    flags: int,
    /,
) -> int:
    """`long bpf_skb_get_xfrm_state(
    struct sk_buff *skb, u32 index, struct bpf_xfrm_state *xfrm_state, u32 size, u64 flags)`
    """
    only_inside("skb_get_xfrm_state()")


def get_stack(ctx: object, buf: object, size: int, flags: int, /) -> int:
    """`long bpf_get_stack(void *ctx, void *buf, u32 size, u64 flags)`"""
    only_inside("get_stack()")


def skb_load_bytes_relative(
    skb: object,
    offset: int,
    to: object,
    len: int,
    start_header: int,
    /,
) -> int:
    """`long bpf_skb_load_bytes_relative(
    const void *skb, u32 offset, void *to, u32 len, u32 start_header)`
    """
    only_inside("skb_load_bytes_relative()")


def fib_lookup(ctx: object, params: object, plen: int, flags: int, /) -> int:
    """`long bpf_fib_lookup(void *ctx, struct bpf_fib_lookup *params, int plen, u32 flags)`"""
    only_inside("fib_lookup()")


def sock_hash_update(skops: object, map: MapDeclaration, key: object, flags: int, /) -> int:
    """`long bpf_sock_hash_update(
    struct bpf_sock_ops *skops, struct bpf_map *map, void *key, u64 flags)`
    """
    only_inside("sock_hash_update()")


def msg_redirect_hash(msg: object, map: MapDeclaration, key: object, flags: int, /) -> int:
    """`long bpf_msg_redirect_hash(
    struct sk_msg_buff *msg, struct bpf_map *map, void *key, u64 flags)`
    """
    only_inside("msg_redirect_hash()")


def sk_redirect_hash(skb: object, map: MapDeclaration, key: object, flags: int, /) -> int:
    """`long bpf_sk_redirect_hash(
    struct sk_buff *skb, struct bpf_map *map, void *key, u64 flags)`
    """
    only_inside("sk_redirect_hash()")


def lwt_push_encap(skb: object, type: int, hdr: object, len: int, /) -> int:
    """`long bpf_lwt_push_encap(struct sk_buff *skb, u32 type, void *hdr, u32 len)`"""
    only_inside("lwt_push_encap()")


def lwt_seg6_store_bytes(skb: object, offset: int, from_: object, len: int, /) -> int:
    """`long bpf_lwt_seg6_store_bytes(
    struct sk_buff *skb, u32 offset, const void *from, u32 len)`
    """
    only_inside("lwt_seg6_store_bytes()")


def lwt_seg6_adjust_srh(skb: object, offset: int, delta: int, /) -> int:
    """`long bpf_lwt_seg6_adjust_srh(struct sk_buff *skb, u32 offset, s32 delta)`"""
    only_inside("lwt_seg6_adjust_srh()")


def lwt_seg6_action(skb: object, action: int, param: object, param_len: int, /) -> int:
    """`long bpf_lwt_seg6_action(struct sk_buff *skb, u32 action, void *param, u32 param_len)`"""
    only_inside("lwt_seg6_action()")


def rc_repeat(ctx: object, /) -> int:
    """`long bpf_rc_repeat(void *ctx)`"""
    only_inside("rc_repeat()")


def rc_keydown(ctx: object, protocol: int, scancode: int, toggle: int, /) -> int:
    """`long bpf_rc_keydown(void *ctx, u32 protocol, u64 scancode, u32 toggle)`"""
    only_inside("rc_keydown()")


def skb_cgroup_id(skb: object, /) -> int:
    """`u64 bpf_skb_cgroup_id(struct sk_buff *skb)`"""
    only_inside("skb_cgroup_id()")


def get_current_cgroup_id() -> int:
    """`u64 bpf_get_current_cgroup_id(void)`"""
    only_inside("get_current_cgroup_id()")


def get_local_storage(map: MapDeclaration, flags: int, /) -> Any:
    """`void *bpf_get_local_storage(void *map, u64 flags)`"""
    only_inside("get_local_storage()")


def sk_select_reuseport(reuse: object, map: MapDeclaration, key: object, flags: int, /) -> int:
    """`long bpf_sk_select_reuseport(
    struct sk_reuseport_md *reuse, struct bpf_map *map, void *key, u64 flags)`
    """
    only_inside("sk_select_reuseport()")


def skb_ancestor_cgroup_id(skb: object, ancestor_level: int, /) -> int:
    """`u64 bpf_skb_ancestor_cgroup_id(struct sk_buff *skb, int ancestor_level)`"""
    only_inside("skb_ancestor_cgroup_id()")


def sk_lookup_tcp(ctx: object, tuple: object, tuple_size: int, netns: int, flags: int, /) -> Any:
    """`struct bpf_sock *bpf_sk_lookup_tcp(
    void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)`
    """
    only_inside("sk_lookup_tcp()")


def sk_lookup_udp(ctx: object, tuple: object, tuple_size: int, netns: int, flags: int, /) -> Any:
    """`struct bpf_sock *bpf_sk_lookup_udp(
    void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)`
    """
    only_inside("sk_lookup_udp()")


def sk_release(sock: KernelStruct, /) -> int:
    """`long bpf_sk_release(void *sock)`"""
    only_inside("sk_release()")


def map_push_elem(map: MapDeclaration, value: object, flags: int, /) -> int:
    """`long bpf_map_push_elem(struct bpf_map *map, const void *value, u64 flags)`"""
    only_inside("map_push_elem()")


def map_pop_elem(map: MapDeclaration, value: object, /) -> int:
    """`long bpf_map_pop_elem(struct bpf_map *map, void *value)`"""
    only_inside("map_pop_elem()")


def map_peek_elem(map: MapDeclaration, value: object, /) -> int:
    """`long bpf_map_peek_elem(struct bpf_map *map, void *value)`"""
    only_inside("map_peek_elem()")


def msg_push_data(msg: object, start: int, len: int, flags: int, /) -> int:
    """`long bpf_msg_push_data(struct sk_msg_buff *msg, u32 start, u32 len, u64 flags)`"""
    only_inside("msg_push_data()")


def msg_pop_data(msg: object, start: int, len: int, flags: int, /) -> int:
    """`long bpf_msg_pop_data(struct sk_msg_buff *msg, u32 start, u32 len, u64 flags)`"""
    only_inside("msg_pop_data()")


def rc_pointer_rel(ctx: object, rel_x: int, rel_y: int, /) -> int:
    """`long bpf_rc_pointer_rel(void *ctx, s32 rel_x, s32 rel_y)`"""
    only_inside("rc_pointer_rel()")


def spin_lock(lock: object, /) -> int:
    """`long bpf_spin_lock(struct bpf_spin_lock *lock)`"""
    only_inside("spin_lock()")


def spin_unlock(lock: object, /) -> int:
    """`long bpf_spin_unlock(struct bpf_spin_lock *lock)`"""
    only_inside("spin_unlock()")


def sk_fullsock(sk: KernelStruct, /) -> Any:
    """`struct bpf_sock *bpf_sk_fullsock(struct bpf_sock *sk)`"""
    only_inside("sk_fullsock()")


def tcp_sock(sk: KernelStruct, /) -> Any:
    """`struct bpf_tcp_sock *bpf_tcp_sock(struct bpf_sock *sk)`"""
    only_inside("tcp_sock()")


def skb_ecn_set_ce(skb: object, /) -> int:
    """`long bpf_skb_ecn_set_ce(struct sk_buff *skb)`"""
    only_inside("skb_ecn_set_ce()")


def get_listener_sock(sk: KernelStruct, /) -> Any:
    """`struct bpf_sock *bpf_get_listener_sock(struct bpf_sock *sk)`"""
    only_inside("get_listener_sock()")


def skc_lookup_tcp(ctx: object, tuple: object, tuple_size: int, netns: int, flags: int, /) -> Any:
    """`struct bpf_sock *bpf_skc_lookup_tcp(
    void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)`
    """
    only_inside("skc_lookup_tcp()")


def tcp_check_syncookie(
    sk: KernelStruct,
    iph: object,
    iph_len: int,
    th: object,
    th_len: int,
    /,
) -> int:
    """`long bpf_tcp_check_syncookie(
    void *sk, void *iph, u32 iph_len, struct tcphdr *th, u32 th_len)`
    """
    only_inside("tcp_check_syncookie()")


def sysctl_get_name(ctx: object, buf: object, buf_len: int, flags: int, /) -> int:
    """`long bpf_sysctl_get_name(struct bpf_sysctl *ctx, char *buf, size_t buf_len, u64 flags)`"""
    only_inside("sysctl_get_name()")


def sysctl_get_current_value(ctx: object, buf: object, buf_len: int, /) -> int:
    """`long bpf_sysctl_get_current_value(struct bpf_sysctl *ctx, char *buf, size_t buf_len)`"""
    only_inside("sysctl_get_current_value()")


def sysctl_get_new_value(ctx: object, buf: object, buf_len: int, /) -> int:
    """`long bpf_sysctl_get_new_value(struct bpf_sysctl *ctx, char *buf, size_t buf_len)`"""
    only_inside("sysctl_get_new_value()")


def sysctl_set_new_value(ctx: object, buf: object, buf_len: int, /) -> int:
    """`long bpf_sysctl_set_new_value(struct bpf_sysctl *ctx, const char *buf, size_t buf_len)`"""
    only_inside("sysctl_set_new_value()")


def strtol(buf: object, buf_len: int, flags: int, res: object, /) -> int:
    """`long bpf_strtol(const char *buf, size_t buf_len, u64 flags, long *res)`"""
    only_inside("strtol()")


def strtoul(buf: object, buf_len: int, flags: int, res: object, /) -> int:
    """`long bpf_strtoul(const char *buf, size_t buf_len, u64 flags, unsigned long *res)`"""
    only_inside("strtoul()")


def sk_storage_get(map: MapDeclaration, sk: KernelStruct, value: object, flags: int, /) -> Any:
    """`void *bpf_sk_storage_get(struct bpf_map *map, void *sk, void *value, u64 flags)`"""
    only_inside("sk_storage_get()")


def sk_storage_delete(map: MapDeclaration, sk: KernelStruct, /) -> int:
    """`long bpf_sk_storage_delete(struct bpf_map *map, void *sk)`"""
    only_inside("sk_storage_delete()")


def send_signal(sig: int, /) -> int:
    """`long bpf_send_signal(u32 sig)`"""
    only_inside("send_signal()")


def tcp_gen_syncookie(
    sk: KernelStruct,
    iph: object,
    iph_len: int,
    th: object,
    th_len: int,
    /,
) -> int:
    """`s64 bpf_tcp_gen_syncookie(
    void *sk, void *iph, u32 iph_len, struct tcphdr *th, u32 th_len)`
    """
    only_inside("tcp_gen_syncookie()")


def skb_output(
    ctx: KernelStruct,
    map: MapDeclaration,
    flags: int,
    data: object,
    size: int,
    /,
) -> int:
    """`long bpf_skb_output(void *ctx, struct bpf_map *map, u64 flags, void *data, u64 size)`"""
    only_inside("skb_output()")


def probe_read_user(dst: object, size: int, unsafe_ptr: int, /) -> int:
    """`long bpf_probe_read_user(void *dst, u32 size, const void *unsafe_ptr)`"""
    only_inside("probe_read_user()")


def probe_read_kernel(dst: object, size: int, unsafe_ptr: int, /) -> int:
    """`long bpf_probe_read_kernel(void *dst, u32 size, const void *unsafe_ptr)`"""
    only_inside("probe_read_kernel()")


def probe_read_user_str(dst: object, size: int, unsafe_ptr: int, /) -> int:
    """`long bpf_probe_read_user_str(void *dst, u32 size, const void *unsafe_ptr)`"""
    only_inside("probe_read_user_str()")


def probe_read_kernel_str(dst: object, size: int, unsafe_ptr: int, /) -> int:
    """`long bpf_probe_read_kernel_str(void *dst, u32 size, const void *unsafe_ptr)`"""
    only_inside("probe_read_kernel_str()")


def tcp_send_ack(tp: KernelStruct, rcv_nxt: int, /) -> int:
    """`long bpf_tcp_send_ack(void *tp, u32 rcv_nxt)`"""
    only_inside("tcp_send_ack()")


def send_signal_thread(sig: int, /) -> int:
    """`long bpf_send_signal_thread(u32 sig)`"""
    only_inside("send_signal_thread()")


def jiffies64() -> int:
    """`u64 bpf_jiffies64(void)`"""
    only_inside("jiffies64()")


def read_branch_records(ctx: object, buf: object, size: int, flags: int, /) -> int:
    """`long bpf_read_branch_records(
    struct bpf_perf_event_data *ctx, void *buf, u32 size, u64 flags)`
    """
    only_inside("read_branch_records()")


def get_ns_current_pid_tgid(dev: int, ino: int, nsdata: object, size: int, /) -> int:
    """`long bpf_get_ns_current_pid_tgid(
    u64 dev, u64 ino, struct bpf_pidns_info *nsdata, u32 size)`
    """
    only_inside("get_ns_current_pid_tgid()")


def xdp_output(
    ctx: KernelStruct,
    map: MapDeclaration,
    flags: int,
    data: object,
    size: int,
    /,
) -> int:
    """`long bpf_xdp_output(void *ctx, struct bpf_map *map, u64 flags, void *data, u64 size)`"""
    only_inside("xdp_output()")


def get_netns_cookie(ctx: object, /) -> int:
    """`u64 bpf_get_netns_cookie(void *ctx)`"""
    only_inside("get_netns_cookie()")


def get_current_ancestor_cgroup_id(ancestor_level: int, /) -> int:
    """`u64 bpf_get_current_ancestor_cgroup_id(int ancestor_level)`"""
    only_inside("get_current_ancestor_cgroup_id()")


def sk_assign(skb: object, sk: KernelStruct | None, flags: int, /) -> int:
    """`long bpf_sk_assign(struct sk_buff *skb, void *sk, u64 flags)`"""
    only_inside("sk_assign()")


def ktime_get_boot_ns() -> int:
    """`u64 bpf_ktime_get_boot_ns(void)`"""
    only_inside("ktime_get_boot_ns()")


def seq_printf(m: KernelStruct, fmt: object, fmt_size: int, data: object, data_len: int, /) -> int:
    """`long bpf_seq_printf(
    struct seq_file *m, const char *fmt, u32 fmt_size, const void *data, u32 data_len)`
    """
    only_inside("seq_printf()")


def seq_write(m: KernelStruct, data: object, len: int, /) -> int:
    """`long bpf_seq_write(struct seq_file *m, const void *data, u32 len)`"""
    only_inside("seq_write()")


def sk_cgroup_id(sk: KernelStruct, /) -> int:
    """`u64 bpf_sk_cgroup_id(void *sk)`"""
    only_inside("sk_cgroup_id()")


def sk_ancestor_cgroup_id(sk: KernelStruct, ancestor_level: int, /) -> int:
    """`u64 bpf_sk_ancestor_cgroup_id(void *sk, int ancestor_level)`"""
    only_inside("sk_ancestor_cgroup_id()")


def ringbuf_output(ringbuf: MapDeclaration, data: object, size: int, flags: int, /) -> int:
    """`long bpf_ringbuf_output(void *ringbuf, void *data, u64 size, u64 flags)`"""
    only_inside("ringbuf_output()")


def ringbuf_reserve(ringbuf: MapDeclaration, size: int, flags: int, /) -> Any:
    """`void *bpf_ringbuf_reserve(void *ringbuf, u64 size, u64 flags)`"""
    only_inside("ringbuf_reserve()")


def ringbuf_submit(data: object, flags: int, /) -> None:
    """`void bpf_ringbuf_submit(void *data, u64 flags)`"""
    only_inside("ringbuf_submit()")


def ringbuf_discard(data: object, flags: int, /) -> None:
    """`void bpf_ringbuf_discard(void *data, u64 flags)`"""
    only_inside("ringbuf_discard()")


def ringbuf_query(ringbuf: MapDeclaration, flags: int, /) -> int:
    """`u64 bpf_ringbuf_query(void *ringbuf, u64 flags)`"""
    only_inside("ringbuf_query()")


def csum_level(skb: object, level: int, /) -> int:
    """`long bpf_csum_level(struct sk_buff *skb, u64 level)`"""
    only_inside("csum_level()")


def skc_to_tcp6_sock(sk: KernelStruct, /) -> Any:
    """`struct tcp6_sock *bpf_skc_to_tcp6_sock(void *sk)`"""
    only_inside("skc_to_tcp6_sock()")


def skc_to_tcp_sock(sk: KernelStruct, /) -> Any:
    """`struct tcp_sock *bpf_skc_to_tcp_sock(void *sk)`"""
    only_inside("skc_to_tcp_sock()")


def skc_to_tcp_timewait_sock(sk: KernelStruct, /) -> Any:
    """`struct tcp_timewait_sock *bpf_skc_to_tcp_timewait_sock(void *sk)`"""
    only_inside("skc_to_tcp_timewait_sock()")


def skc_to_tcp_request_sock(sk: KernelStruct, /) -> Any:
    """`struct tcp_request_sock *bpf_skc_to_tcp_request_sock(void *sk)`"""
    only_inside("skc_to_tcp_request_sock()")


def skc_to_udp6_sock(sk: KernelStruct, /) -> Any:
    """`struct udp6_sock *bpf_skc_to_udp6_sock(void *sk)`"""
    only_inside("skc_to_udp6_sock()")


def get_task_stack(task: KernelStruct, buf: object, size: int, flags: int, /) -> int:
    """`long bpf_get_task_stack(struct task_struct *task, void *buf, u32 size, u64 flags)`"""
    only_inside("get_task_stack()")


def load_hdr_opt(skops: object, searchby_res: object, len: int, flags: int, /) -> int:
    """`long bpf_load_hdr_opt(
    struct bpf_sock_ops *skops, void *searchby_res, u32 len, u64 flags)`
    """
    only_inside("load_hdr_opt()")


def store_hdr_opt(skops: object, from_: object, len: int, flags: int, /) -> int:
    """`long bpf_store_hdr_opt(struct bpf_sock_ops *skops, const void *from, u32 len, u64 flags)`"""
    only_inside("store_hdr_opt()")


def reserve_hdr_opt(skops: object, len: int, flags: int, /) -> int:
    """`long bpf_reserve_hdr_opt(struct bpf_sock_ops *skops, u32 len, u64 flags)`"""
    only_inside("reserve_hdr_opt()")


def inode_storage_get(
    map: MapDeclaration,
    inode: KernelStruct,
    value: object,
    flags: int,
    /,
) -> Any:
    """`void *bpf_inode_storage_get(struct bpf_map *map, void *inode, void *value, u64 flags)`"""
    only_inside("inode_storage_get()")


def inode_storage_delete(map: MapDeclaration, inode: KernelStruct, /) -> int:
    """`int bpf_inode_storage_delete(struct bpf_map *map, void *inode)`"""
    only_inside("inode_storage_delete()")


def d_path(path: KernelStruct, buf: object, sz: int, /) -> int:
    """`long bpf_d_path(struct path *path, char *buf, u32 sz)`"""
    only_inside("d_path()")


def copy_from_user(dst: object, size: int, user_ptr: int, /) -> int:
    """`long bpf_copy_from_user(void *dst, u32 size, const void *user_ptr)`"""
    only_inside("copy_from_user()")


def snprintf_btf(str: object, str_size: int, ptr: object, btf_ptr_size: int, flags: int, /) -> int:
    """`long bpf_snprintf_btf(
    char *str, u32 str_size, struct btf_ptr *ptr, u32 btf_ptr_size, u64 flags)`
    """
    only_inside("snprintf_btf()")


def seq_printf_btf(m: KernelStruct, ptr: object, ptr_size: int, flags: int, /) -> int:
    """`long bpf_seq_printf_btf(
    struct seq_file *m, struct btf_ptr *ptr, u32 ptr_size, u64 flags)`
    """
    only_inside("seq_printf_btf()")


def skb_cgroup_classid(skb: object, /) -> int:
    """`u64 bpf_skb_cgroup_classid(struct sk_buff *skb)`"""
    only_inside("skb_cgroup_classid()")


def redirect_neigh(ifindex: int, params: object, plen: int, flags: int, /) -> int:
    """`long bpf_redirect_neigh(
    u32 ifindex, struct bpf_redir_neigh *params, int plen, u64 flags)`
    """
    only_inside("redirect_neigh()")


def per_cpu_ptr(percpu_ptr: object, cpu: int, /) -> Any:
    """`void *bpf_per_cpu_ptr(const void *percpu_ptr, u32 cpu)`"""
    only_inside("per_cpu_ptr()")


def this_cpu_ptr(percpu_ptr: object, /) -> Any:
    """`void *bpf_this_cpu_ptr(const void *percpu_ptr)`"""
    only_inside("this_cpu_ptr()")


def redirect_peer(ifindex: int, flags: int, /) -> int:
    """`long bpf_redirect_peer(u32 ifindex, u64 flags)`"""
    only_inside("redirect_peer()")


def task_storage_get(map: MapDeclaration, task: KernelStruct, value: object, flags: int, /) -> Any:
    """`void *bpf_task_storage_get(
    struct bpf_map *map, struct task_struct *task, void *value, u64 flags)`
    """
    only_inside("task_storage_get()")


def task_storage_delete(map: MapDeclaration, task: KernelStruct, /) -> int:
    """`long bpf_task_storage_delete(struct bpf_map *map, struct task_struct *task)`"""
    only_inside("task_storage_delete()")


def get_current_task_btf() -> task_struct:
    """`struct task_struct *bpf_get_current_task_btf(void)`"""
    only_inside("get_current_task_btf()")


def bprm_opts_set(bprm: KernelStruct, flags: int, /) -> int:
    """`long bpf_bprm_opts_set(struct linux_binprm *bprm, u64 flags)`"""
    only_inside("bprm_opts_set()")


def ktime_get_coarse_ns() -> int:
    """`u64 bpf_ktime_get_coarse_ns(void)`"""
    only_inside("ktime_get_coarse_ns()")


def ima_inode_hash(inode: KernelStruct, dst: object, size: int, /) -> int:
    """`long bpf_ima_inode_hash(struct inode *inode, void *dst, u32 size)`"""
    only_inside("ima_inode_hash()")


def sock_from_file(file: KernelStruct, /) -> Any:
    """`struct socket *bpf_sock_from_file(struct file *file)`"""
    only_inside("sock_from_file()")


def check_mtu(ctx: object, ifindex: int, mtu_len: object, len_diff: int, flags: int, /) -> int:
    """`long bpf_check_mtu(void *ctx, u32 ifindex, u32 *mtu_len, s32 len_diff, u64 flags)`"""
    only_inside("check_mtu()")


def for_each_map_elem(
    map: MapDeclaration,
    callback_fn: object,
    callback_ctx: object,
    flags: int,
    /,
) -> int:
    """`long bpf_for_each_map_elem(
    struct bpf_map *map, void *callback_fn, void *callback_ctx, u64 flags)`
    """
    only_inside("for_each_map_elem()")


def snprintf(str: object, str_size: int, fmt: object, data: object, data_len: int, /) -> int:
    """`long bpf_snprintf(char *str, u32 str_size, const char *fmt, u64 *data, u32 data_len)`"""
    only_inside("snprintf()")


def sys_bpf(cmd: int, attr: object, attr_size: int, /) -> int:
    """`long bpf_sys_bpf(u32 cmd, void *attr, u32 attr_size)`"""
    only_inside("sys_bpf()")


def btf_find_by_name_kind(name: object, name_sz: int, kind: int, flags: int, /) -> int:
    """`long bpf_btf_find_by_name_kind(char *name, int name_sz, u32 kind, int flags)`"""
    only_inside("btf_find_by_name_kind()")


def sys_close(fd: int, /) -> int:
    """`long bpf_sys_close(u32 fd)`"""
    only_inside("sys_close()")


def timer_init(timer: object, map: MapDeclaration, flags: int, /) -> int:
    """`long bpf_timer_init(struct bpf_timer *timer, struct bpf_map *map, u64 flags)`"""
    only_inside("timer_init()")


def timer_set_callback(timer: object, callback_fn: object, /) -> int:
    """`long bpf_timer_set_callback(struct bpf_timer *timer, void *callback_fn)`"""
    only_inside("timer_set_callback()")


def timer_start(timer: object, nsecs: int, flags: int, /) -> int:
    """`long bpf_timer_start(struct bpf_timer *timer, u64 nsecs, u64 flags)`"""
    only_inside("timer_start()")


def timer_cancel(timer: object, /) -> int:
    """`long bpf_timer_cancel(struct bpf_timer *timer)`"""
    only_inside("timer_cancel()")


def get_func_ip(ctx: object, /) -> int:
    """`u64 bpf_get_func_ip(void *ctx)`"""
    only_inside("get_func_ip()")


def get_attach_cookie(ctx: object, /) -> int:
    """`u64 bpf_get_attach_cookie(void *ctx)`"""
    only_inside("get_attach_cookie()")


def task_pt_regs(task: KernelStruct, /) -> Any:
    """`long bpf_task_pt_regs(struct task_struct *task)`"""
    only_inside("task_pt_regs()")


def get_branch_snapshot(entries: object, size: int, flags: int, /) -> int:
    """`long bpf_get_branch_snapshot(void *entries, u32 size, u64 flags)`"""
    only_inside("get_branch_snapshot()")


def trace_vprintk(fmt: object, fmt_size: int, data: object, data_len: int, /) -> int:
    """`long bpf_trace_vprintk(const char *fmt, u32 fmt_size, const void *data, u32 data_len)`"""
    only_inside("trace_vprintk()")


def skc_to_unix_sock(sk: KernelStruct, /) -> Any:
    """`struct unix_sock *bpf_skc_to_unix_sock(void *sk)`"""
    only_inside("skc_to_unix_sock()")


def kallsyms_lookup_name(name: object, name_sz: int, flags: int, res: object, /) -> int:
    """`long bpf_kallsyms_lookup_name(const char *name, int name_sz, int flags, u64 *res)`"""
    only_inside("kallsyms_lookup_name()")


def find_vma(
    task: KernelStruct,
    addr: int,
    callback_fn: object,
    callback_ctx: object,
    flags: int,
    /,
) -> int:
    """`long bpf_find_vma(
    struct task_struct *task, u64 addr, void *callback_fn, void *callback_ctx, u64 flags)`
    """
    only_inside("find_vma()")


def loop(nr_loops: int, callback_fn: object, callback_ctx: object, flags: int, /) -> int:
    """`long bpf_loop(u32 nr_loops, void *callback_fn, void *callback_ctx, u64 flags)`"""
    only_inside("loop()")


def strncmp(s1: object, s1_sz: int, s2: object, /) -> int:
    """`long bpf_strncmp(const char *s1, u32 s1_sz, const char *s2)`"""
    only_inside("strncmp()")


def get_func_arg(ctx: object, n: int, value: object, /) -> int:
    """`long bpf_get_func_arg(void *ctx, u32 n, u64 *value)`"""
    only_inside("get_func_arg()")


def get_func_ret(ctx: object, value: object, /) -> int:
    """`long bpf_get_func_ret(void *ctx, u64 *value)`"""
    only_inside("get_func_ret()")


def get_func_arg_cnt(ctx: object, /) -> int:
    """`long bpf_get_func_arg_cnt(void *ctx)`"""
    only_inside("get_func_arg_cnt()")


def get_retval() -> int:
    """`int bpf_get_retval(void)`"""
    only_inside("get_retval()")


def set_retval(retval: int, /) -> int:
    """`int bpf_set_retval(int retval)`"""
    only_inside("set_retval()")


def xdp_get_buff_len(xdp_md: object, /) -> int:
    """`u64 bpf_xdp_get_buff_len(struct xdp_buff *xdp_md)`"""
    only_inside("xdp_get_buff_len()")


def xdp_load_bytes(xdp_md: object, offset: int, buf: object, len: int, /) -> int:
    """`long bpf_xdp_load_bytes(struct xdp_buff *xdp_md, u32 offset, void *buf, u32 len)`"""
    only_inside("xdp_load_bytes()")


def xdp_store_bytes(xdp_md: object, offset: int, buf: object, len: int, /) -> int:
    """`long bpf_xdp_store_bytes(struct xdp_buff *xdp_md, u32 offset, void *buf, u32 len)`"""
    only_inside("xdp_store_bytes()")


def copy_from_user_task(
    dst: object,
    size: int,
    user_ptr: int,
    tsk: KernelStruct,
    flags: int,
    /,
) -> int:
    """`long bpf_copy_from_user_task(
    void *dst, u32 size, const void *user_ptr, struct task_struct *tsk, u64 flags)`
    """
    only_inside("copy_from_user_task()")


def skb_set_tstamp(skb: object, tstamp: int, tstamp_type: int, /) -> int:
    """`long bpf_skb_set_tstamp(struct sk_buff *skb, u64 tstamp, u32 tstamp_type)`"""
    only_inside("skb_set_tstamp()")


def ima_file_hash(file: KernelStruct, dst: object, size: int, /) -> int:
    """`long bpf_ima_file_hash(struct file *file, void *dst, u32 size)`"""
    only_inside("ima_file_hash()")


def kptr_xchg(map_value: object, ptr: KernelStruct | None, /) -> Any:
    """`void *bpf_kptr_xchg(void *map_value, void *ptr)`"""
    only_inside("kptr_xchg()")


def map_lookup_percpu_elem(map: MapDeclaration, key: object, cpu: int, /) -> Any:
    """`void *bpf_map_lookup_percpu_elem(struct bpf_map *map, const void *key, u32 cpu)`"""
    only_inside("map_lookup_percpu_elem()")


def skc_to_mptcp_sock(sk: KernelStruct, /) -> Any:
    """`struct mptcp_sock *bpf_skc_to_mptcp_sock(void *sk)`"""
    only_inside("skc_to_mptcp_sock()")


def dynptr_from_mem(data: object, size: int, flags: int, ptr: object, /) -> int:
    """`long bpf_dynptr_from_mem(void *data, u32 size, u64 flags, struct bpf_dynptr *ptr)`"""
    only_inside("dynptr_from_mem()")


def ringbuf_reserve_dynptr(ringbuf: MapDeclaration, size: int, flags: int, ptr: object, /) -> int:
    """`long bpf_ringbuf_reserve_dynptr(
    void *ringbuf, u32 size, u64 flags, struct bpf_dynptr *ptr)`
    """
    only_inside("ringbuf_reserve_dynptr()")


def ringbuf_submit_dynptr(ptr: object, flags: int, /) -> None:
    """`void bpf_ringbuf_submit_dynptr(struct bpf_dynptr *ptr, u64 flags)`"""
    only_inside("ringbuf_submit_dynptr()")


def ringbuf_discard_dynptr(ptr: object, flags: int, /) -> None:
    """`void bpf_ringbuf_discard_dynptr(struct bpf_dynptr *ptr, u64 flags)`"""
    only_inside("ringbuf_discard_dynptr()")


def dynptr_read(dst: object, len: int, src: object, offset: int, flags: int, /) -> int:
    """`long bpf_dynptr_read(void *dst, u32 len, struct bpf_dynptr *src, u32 offset, u64 flags)`"""
    only_inside("dynptr_read()")


def dynptr_write(dst: object, offset: int, src: object, len: int, flags: int, /) -> int:
    """`long bpf_dynptr_write(struct bpf_dynptr *dst, u32 offset, void *src, u32 len, u64 flags)`"""
    only_inside("dynptr_write()")


def dynptr_data(ptr: object, offset: int, len: int, /) -> Any:
    """`void *bpf_dynptr_data(struct bpf_dynptr *ptr, u32 offset, u32 len)`"""
    only_inside("dynptr_data()")


def tcp_raw_gen_syncookie_ipv4(iph: object, th: object, th_len: int, /) -> int:
    """`s64 bpf_tcp_raw_gen_syncookie_ipv4(struct iphdr *iph, struct tcphdr *th, u32 th_len)`"""
    only_inside("tcp_raw_gen_syncookie_ipv4()")


def tcp_raw_gen_syncookie_ipv6(iph: object, th: object, th_len: int, /) -> int:
    """`s64 bpf_tcp_raw_gen_syncookie_ipv6(struct ipv6hdr *iph, struct tcphdr *th, u32 th_len)`"""
    only_inside("tcp_raw_gen_syncookie_ipv6()")


def tcp_raw_check_syncookie_ipv4(iph: object, th: object, /) -> int:
    """`long bpf_tcp_raw_check_syncookie_ipv4(struct iphdr *iph, struct tcphdr *th)`"""
    only_inside("tcp_raw_check_syncookie_ipv4()")


def tcp_raw_check_syncookie_ipv6(iph: object, th: object, /) -> int:
    """`long bpf_tcp_raw_check_syncookie_ipv6(struct ipv6hdr *iph, struct tcphdr *th)`"""
    only_inside("tcp_raw_check_syncookie_ipv6()")


def ktime_get_tai_ns() -> int:
    """`u64 bpf_ktime_get_tai_ns(void)`"""
    only_inside("ktime_get_tai_ns()")


def user_ringbuf_drain(map: MapDeclaration, callback_fn: object, ctx: object, flags: int, /) -> int:
    """`long bpf_user_ringbuf_drain(
    struct bpf_map *map, void *callback_fn, void *ctx, u64 flags)`
    """
    only_inside("user_ringbuf_drain()")


def cgrp_storage_get(
    map: MapDeclaration,
    cgroup: KernelStruct,
    value: object,
    flags: int,
    /,
) -> Any:
    """`void *bpf_cgrp_storage_get(
    struct bpf_map *map, struct cgroup *cgroup, void *value, u64 flags)`
    """
    only_inside("cgrp_storage_get()")


def cgrp_storage_delete(map: MapDeclaration, cgroup: KernelStruct, /) -> int:
    """`long bpf_cgrp_storage_delete(struct bpf_map *map, struct cgroup *cgroup)`"""
    only_inside("cgrp_storage_delete()")
