"""Structs of functions that the kernel calls: a way to avoid congestion, made of small programs."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kernel_programs import code, open_before, open_fds

import kring
from kring.abi.uapi import MapType
from kring.btf.types import Array, Composite, FuncProto, Int, Member, Ptr
from kring.btf.write import Builder
from kring.errors import AttachError, LoadError, ObjectError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Map, Object, Program
from kring.obj.structs import BPF_F_LINK
from kring.record import replace
from kring.run.kernel.kernel import Kernel, KernelRuntime
from kring.run.kernel.maps import KernelMap
from peers import clang

pytestmark = pytest.mark.kernel

NAME = f"kring_{os.getpid()}"
MEMBERS = ("name", "ssthresh", "undo_cwnd", "cong_avoid", "unknown")
POINTERS_AT = 16
PROGRAMS = ("ssthresh", "undo_cwnd", "cong_avoid")


def types(struct: str = "tcp_congestion_ops___mine") -> tuple[bytes, int]:
    """Types with a struct that has its members in another order than the kernel's."""
    builder = Builder()
    byte = builder.add(Int("char", 1, 8, signed=True))
    index = builder.add(Int("__ARRAY_SIZE_TYPE__", 4, 32))
    text = builder.add(Array(byte, index, 16))
    function = builder.add(Ptr(builder.add(FuncProto(0))))
    fields = [Member("name", text, 0)]
    fields += [
        Member(name, function, (POINTERS_AT + at * 8) * 8) for at, name in enumerate(MEMBERS[1:])
    ]
    id = builder.add(Composite(struct, POINTERS_AT + 8 * len(fields[1:]), tuple(fields)))
    return builder.bytes(), id


def congestion(link: bool, name: bytes = NAME.encode(), **changes: object) -> Object:
    btf, id = types()
    ops = Map(
        "ops", MapType.STRUCT_OPS, flags=BPF_F_LINK if link else 0, value_type=id, data=name,
        values=tuple((POINTERS_AT + at * 8, name) for at, name in enumerate(PROGRAMS)),
    )  # fmt: skip
    counted = """
        lddw r1, map_value({})
        mov r2, 1
        lock add [r1], r2
        mov r0, 10
        exit
        """
    programs = tuple(Program(name, f"struct_ops/{name}", counted.encode()) for name in PROGRAMS)
    return Object("congestion", programs, (replace(ops, **changes),), btf)


@contextmanager
def loaded(obj: Object) -> Generator[tuple[KernelRuntime, KernelMap, KernelMap]]:
    """The runtime with the object's programs, the struct's map, and a counter of calls."""
    runtime = Kernel().open(obj)
    try:
        counter = runtime.create_map(Map("runs", MapType.ARRAY, 4, 8, 1))
        ops = runtime.create_map(obj.maps[0])
        for program in obj.programs:
            runtime.load(program, code(program.code.decode().format(counter.fd)))
        yield runtime, ops, counter
    finally:
        runtime.close()


def runs(counter: KernelMap) -> int:
    return int.from_bytes(counter.lookup(bytes(4)) or b"", "little")


def send(how: str) -> None:
    """A few bytes sent over a connection that avoids congestion in that way."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, how.encode())
        client.connect(server.getsockname())
        other, _ = server.accept()
        reader = threading.Thread(target=lambda: list(iter(lambda: other.recv(4096), b"")))
        reader.start()
        for _ in range(20):
            client.send(b"x" * 1000)
        client.close()
        reader.join()
        other.close()


@pytest.mark.parametrize("link", [True, False], ids=["link", "map"])
def test_in_force_and_out_of_it(link: bool) -> None:
    before = open_before()
    with loaded(congestion(link)) as (runtime, ops, counter):
        with pytest.raises(FileNotFoundError):
            send(NAME)
        bound = runtime.attach_struct(ops)
        send(NAME)
        assert runs(counter) > 0
        with pytest.raises(AttachError, match="in force already"):
            runtime.attach_struct(ops)
        bound.close()
        bound.close()
        with pytest.raises(FileNotFoundError):
            send(NAME)
    assert open_fds() == before


def test_closing_the_runtime_ends_it() -> None:
    with loaded(congestion(link=False)) as (runtime, ops, _):
        runtime.attach_struct(ops)
        send(NAME)
    with pytest.raises(FileNotFoundError):
        send(NAME)


def test_what_is_missing() -> None:
    with (
        loaded(congestion(link=True, name=b"")) as (runtime, ops, _),
        pytest.raises(AttachError, match="EINVAL: attaching struct 'ops': the kernel finds it"),
    ):
        runtime.attach_struct(ops)
    lone = replace(congestion(link=True), maps=())
    runtime = Kernel().open(lone)
    try:
        with pytest.raises(LoadError, match="no struct of the object has it as a member"):
            runtime.load(lone.programs[0], code("mov r0, 0\nexit"))
    finally:
        runtime.close()


def test_a_struct_that_is_left_out_leaves_its_programs_out() -> None:
    obj = congestion(link=True)
    plain = code("mov r0, 10\nexit")
    programs = tuple(replace(program, code=plain) for program in obj.programs)
    twin = replace(obj.maps[0], name="twin", values=obj.maps[0].values[:1], autocreate=False)
    obj = replace(obj, programs=programs, maps=(*obj.maps, twin))
    with kring.load(obj) as s:
        assert set(s.maps) == {"ops"}
        assert set(s.programs) == set(PROGRAMS)
        send(NAME)
    with kring.load(obj.replace(autocreate={"ops": False})) as s:
        assert not s.maps
        assert not s.programs


C = r"""
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
struct sock;
struct tcp_congestion_ops {
    __u32 (*ssthresh)(struct sock *sk);
    void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
    __u32 (*undo_cwnd)(struct sock *sk);
    char name[16];
};
SEC("struct_ops/own_ssthresh") __u32 BPF_PROG(own_ssthresh, struct sock *sk) { return 10; }
SEC("struct_ops/own_undo") __u32 BPF_PROG(own_undo, struct sock *sk) { return 10; }
SEC("struct_ops/own_avoid") void BPF_PROG(own_avoid, struct sock *sk, __u32 ack, __u32 acked) {}
SEC("SECTION") struct tcp_congestion_ops ops = {
    .ssthresh = (void *)own_ssthresh, .cong_avoid = (void *)own_avoid,
    .undo_cwnd = (void *)own_undo, .name = "NAME",
};
char LICENSE[] SEC("license") = "GPL";
"""


@pytest.mark.peer
@pytest.mark.parametrize("section", [".struct_ops", ".struct_ops.link"])
def test_what_clang_makes(section: str, tmp_path: Path) -> None:
    source = C.replace("SECTION", section).replace("NAME", NAME)
    obj = from_elf(clang(source, tmp_path).read_bytes(), "x")
    again = from_elf(to_elf(obj), "x")
    assert again.maps == obj.maps
    assert again.programs == obj.programs
    for one in (obj, again):
        with kring.load(one) as s:
            send(NAME)
            s.maps["ops"].detach()
            s.maps["ops"].detach()
            with pytest.raises(FileNotFoundError):
                send(NAME)
        with kring.load(one, attach=False) as s, pytest.raises(FileNotFoundError):
            send(NAME)


@pytest.mark.parametrize(
    ("struct", "values", "error", "message"),
    [
        ("tcp_congestion_opps", ((16, "ssthresh"),), LoadError,
         r"no struct of functions 'tcp_congestion_opps'. Did you mean tcp_congestion_ops\?"),
        ("tcp_congestion_ops", ((40, "ssthresh"),), LoadError,
         "tcp_congestion_ops of this kernel has no member 'unknown'"),
        ("tcp_congestion_ops", ((0, "ssthresh"),), LoadError,
         "name is no function in this kernel"),
        ("tcp_congestion_ops", ((20, "ssthresh"),), ObjectError, "at byte 20, in no member"),
    ],
)  # fmt: skip
def test_structs_that_this_kernel_has_not(
    struct: str, values: tuple[tuple[int, str], ...], error: type[Exception], message: str
) -> None:
    btf, id = types(struct)
    spec = Map("ops", MapType.STRUCT_OPS, value_type=id, values=values, data=b"x")
    runtime = Kernel().open(Object("test", (), (spec,), btf))
    try:
        with pytest.raises(error, match=message):
            runtime.create_map(spec)
    finally:
        runtime.close()
