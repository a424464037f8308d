"""Kernel functions that programs call by number: one row per helper of <linux/bpf.h>."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from kring.abi.helper_rows import ROWS
from kring.record import record

T = TypeVar("T")


@record
class Helper:
    """BPF_FUNC_name. `args` and `result` say how the verifier, and so the compiler, sees them:

    - `int` any number, `size` the bytes of the buffer before it, `addr` an address to be probed;
    - `out` a buffer the helper fills, `in` one it reads, `inout` one it does both with, `kept` one
      it remembers; followed by `size`, or of as many bytes as `more` says;
    - `map`, `key`, `value`, `into`: a map, and memory of its key's or value's size, to be read,
      to be read and to be filled;
    - `ctx` the program's context, `record` a reserved record, which the call ends;
    - `btf` a typed kernel pointer, `dynptr` a dynamic pointer on the stack, `str` constant text;
    - `fn`, `timer`, `lock`, `percpu`, `kptr`: things that programs here do not have;
    - as result, `uint` is a number of 64 bits without sign, `void` nothing; `value?`, `record?`
      and `btf?` may be null; `struct` is what a `btf` one points to.

    `optional` are the positions of arguments that may be null or, of a size, 0. `more` says of
    each argument what a kind leaves open: the bytes of a buffer, a map's types in order of
    `MapType` names with `|` between, the struct a kernel pointer leads to; or nothing.
    """

    name: str
    id: int
    args: tuple[str, ...] = ()
    result: str = "int"
    struct: str = ""
    params: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    optional: tuple[int, ...] = ()


class Helpers(Mapping[str, Helper]):
    """All helpers by name; each row is read when it is first asked for."""

    def __init__(self, rows: str) -> None:
        self._rows = {row.split(" ", 2)[1]: row for row in rows.splitlines()}
        self._names = list(self._rows)
        self._made: dict[object, Helper] = {}

    def __getitem__(self, name: str) -> Helper:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = _parse(self._rows[name])
        return made

    @overload
    def get(self, key: str, /) -> Helper | None: ...
    @overload
    def get(self, key: str, /, default: Helper | T) -> Helper | T: ...
    def get(self, key: str, /, default: Helper | T | None = None) -> Helper | T | None:
        return self[key] if key in self._rows else default

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def by_id(self, id: int) -> Helper | None:
        """The helper of that number: ids count from 1 without gaps."""
        return self[self._names[id - 1]] if 0 < id <= len(self._names) else None


def _parse(row: str) -> Helper:
    head, _, listed = row.partition(":")
    id, name, result, *struct = head.split()
    args: list[str] = []
    params: list[str] = []
    more: list[str] = []
    optional: list[int] = []
    for at, param in enumerate(listed.split(", ") if listed else ()):
        kind, called = param.split()
        kind, _, rest = kind.partition(":")
        if kind.endswith("?"):
            optional.append(at)
        args.append(kind.rstrip("?"))
        params.append(called)
        more.append(rest)
    return Helper(
        name, int(id), tuple(args), result, "".join(struct), tuple(params), tuple(more),
        tuple(optional),
    )  # fmt: skip


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


HELPERS = Helpers(ROWS)

VARIADIC = _names("trace_printk")
"""Helpers whose last arguments, all `int`, may be left out: C writes `...`."""

KEEPS_CTX = _names(
    """
    perf_event_output get_stackid get_stack skb_load_bytes skb_load_bytes_relative xdp_load_bytes
    tail_call get_socket_cookie get_socket_uid get_func_ip get_attach_cookie get_func_arg
    get_func_ret get_func_arg_cnt xdp_get_buff_len fib_lookup check_mtu get_netns_cookie
    skb_cgroup_id skb_ancestor_cgroup_id get_cgroup_classid skb_cgroup_classid
    perf_prog_read_value sk_lookup_tcp sk_lookup_udp skc_lookup_tcp
    """
)
"""Helpers that take the context and change nothing in it."""

CHANGES_PACKET = _names(
    """
    skb_store_bytes l3_csum_replace l4_csum_replace clone_redirect skb_vlan_push skb_vlan_pop
    skb_change_proto skb_change_tail skb_change_head skb_adjust_room skb_pull_data
    xdp_adjust_head xdp_adjust_meta xdp_adjust_tail msg_pull_data msg_push_data msg_pop_data
    lwt_push_encap lwt_seg6_store_bytes lwt_seg6_adjust_srh lwt_seg6_action store_hdr_opt
    """
)
"""Helpers after which pointers into the packet are void: bpf_helper_changes_pkt_data."""

TRACED = {"get_socket_cookie": "sock", "xdp_get_buff_len": "xdp_buff"}
"""Helpers that in tracing programs take a kernel pointer where others give the context."""

ACQUIRES: dict[str, str] = {
    name: end
    for names, end in (("sk_lookup_tcp sk_lookup_udp skc_lookup_tcp", "sk_release"),)
    for name in names.split()
}
"""What gives back the object that a helper returns: is_acquire_function."""

READS_PACKET = _names(
    """
    map_lookup_elem map_update_elem map_delete_elem map_push_elem map_lookup_percpu_elem csum_diff
    sk_lookup_tcp sk_lookup_udp skc_lookup_tcp tcp_check_syncookie tcp_gen_syncookie
    tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4
    tcp_raw_check_syncookie_ipv6
    """
)
"""Helpers that take memory of the packet for a buffer: `pkt_access` of a bpf_func_proto."""
