"""Programs of the kinds that objects of others have: attached, fired, detached.

Each counts its runs in a map and returns what lets things take their course.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernel_programs import code, load, open_before, open_fds, runtime, u32, u64

import kring
from kring.abi.uapi import MapType
from kring.errors import AttachError, LoadError, NotSupported
from kring.obj.object import Map, Object, Program
from kring.run.kernel.kernel import Kernel, KernelRuntime
from kring.run.kernel.maps import KernelMap
from kring.run.kernel.programs import KernelProgram
from kring.run.target import ANYWHERE, Hook
from kring.run.vm.target import Vm

pytestmark = pytest.mark.kernel

LOCAL = "127.0.0.1"
CLONE_NEWNET = 0x4000_0000
LIBC = "libc.so.6"


def counting(rt: KernelRuntime, section: str, result: int = 0) -> tuple[KernelProgram, KernelMap]:
    counter = rt.create_map(Map("runs", MapType.ARRAY, 4, 8, 1))
    program = f"""
        lddw r1, map_value({counter.fd})
        mov r2, 1
        lock add [r1], r2
        mov r0, {result}
        exit
        """
    return load(rt, section, code(program)), counter


def runs(counter: KernelMap) -> int:
    return int.from_bytes(counter.lookup(u32(0)) or b"", "little")


def ran(counter: KernelMap, fire: Callable[[], object]) -> None:
    """Nothing, once the program has run. A busy kernel hands packets on when it finds time, and
    drops those for a cable that it has not noticed yet."""
    deadline = time.monotonic() + 5
    fire()
    while not runs(counter) and time.monotonic() < deadline:
        time.sleep(0.01)
        fire()
    assert runs(counter) > 0


def fires(section: str, fire: Callable[[], object], hook: Hook = ANYWHERE, result: int = 0) -> None:
    """The program runs while it is attached, and only then."""
    before = open_before()
    with runtime() as rt:
        program, counter = counting(rt, section, result)
        link = program.attach(hook)
        ran(counter, fire)
        link.close()
        found = runs(counter)
        fire()
        assert runs(counter) == found
    assert open_fds() == before


# Network


@pytest.fixture
def netns() -> Iterator[None]:
    """A network namespace of the test's own, with a loopback that is up."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if libc.unshare(CLONE_NEWNET):
        pytest.skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    try:
        ip("link", "set", "lo", "up")
        yield
    finally:
        libc.setns(before, CLONE_NEWNET)
        os.close(before)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def datagram(family: int = socket.AF_INET, host: str = LOCAL) -> None:
    """A datagram sent to a socket of our own, and received."""
    with (
        socket.socket(family, socket.SOCK_DGRAM) as to,
        socket.socket(family, socket.SOCK_DGRAM) as source,
    ):
        to.bind((host, 0))
        to.settimeout(1)
        source.sendto(b"x" * 40, to.getsockname())
        to.recvfrom(100)


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server((LOCAL, 0)) as server:
        client = socket.create_connection(server.getsockname())
        return client, server.accept()[0]


def stream() -> None:
    for one in connected():
        one.close()


def fanout() -> None:
    """Packets spread over two sockets by what is in them."""
    SOL_PACKET, PACKET_FANOUT = 263, 18
    pair = [socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) for _ in "ab"]
    with pair[0], pair[1]:
        for one in pair:
            one.bind(("lo", 3))
            one.setsockopt(SOL_PACKET, PACKET_FANOUT, 7)
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
            raw.sendto(struct.pack(">4H", 1, 2, 8, 0), (LOCAL, 0))
        time.sleep(0.01)


@pytest.mark.usefixtures("netns")
@pytest.mark.parametrize(
    ("section", "hook", "result", "fire"),
    [
        ("xdp", Hook("lo"), 2, datagram),
        ("xdp.frags", Hook("lo", mode="generic"), 2, datagram),
        ("tc", Hook("lo"), -1, datagram),
        ("classifier", Hook("lo", target="egress"), -1, datagram),
        ("tcx/ingress", Hook("lo"), -1, datagram),
        ("tc/egress", Hook("lo"), -1, datagram),
        ("netfilter", Hook(target="ipv4:input"), 1, datagram),
        ("netfilter", Hook(target="ipv4:output", priority=-5), 1, datagram),
        ("netfilter", Hook(target="ipv6:input"), 1, lambda: datagram(socket.AF_INET6, "::1")),
        ("sk_lookup", ANYWHERE, 1, datagram),
        ("sk_lookup", Hook(netns="/proc/thread-self/ns/net"), 1, stream),
        ("flow_dissector", ANYWHERE, 0, fanout),
    ],
    ids=lambda value: getattr(value, "target", None) if isinstance(value, Hook) else None,
)
def test_network(section: str, hook: Hook, result: int, fire: Callable[[], None]) -> None:
    fires(section, fire, hook, result)


@pytest.fixture
def pair(netns: None) -> None:
    """Two devices, kr0 and kr1, at the ends of one cable."""
    ip("link", "add", "kr0", "type", "veth", "peer", "name", "kr1")
    for device in ("kr0", "kr1"):
        Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6").write_text("1")
        ip("link", "set", device, "up")


def frame() -> None:
    """A frame sent out of kr0."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind(("kr0", 0))
        raw.send(bytes(64))


@pytest.mark.usefixtures("pair")
def test_xdp_in_the_driver() -> None:
    fires("xdp", frame, Hook("kr1", mode="native"), result=1)


@pytest.mark.usefixtures("pair")
def test_packets_in_several_pieces() -> None:
    """A driver with packets that do not fit a page takes only programs that know of it."""
    for device in ("kr0", "kr1"):
        ip("link", "set", device, "mtu", "9000")
    fires("xdp.frags", frame, Hook("kr1", mode="native"), result=1)
    with runtime() as rt, pytest.raises(AttachError, match=r"ERANGE: .*\(xdp.frags\)"):
        counting(rt, "xdp", result=1)[0].attach(Hook("kr1", mode="native"))


@pytest.mark.usefixtures("pair")
def test_directions() -> None:
    with runtime() as rt:
        counters = {}
        for device, way in (("kr0", "egress"), ("kr0", "ingress"), ("kr1", "ingress")):
            program, counters[device, way] = counting(rt, "tc", result=-1)
            program.attach(Hook(device, target=way))
        ran(counters["kr1", "ingress"], frame)
        found = {hook for hook, counter in counters.items() if runs(counter)}
    assert found == {("kr0", "egress"), ("kr1", "ingress")}


@pytest.mark.usefixtures("netns")
@pytest.mark.parametrize("first", [-5, 5])
def test_priority(first: int) -> None:
    """What one program of netfilter drops, the next does not see."""
    ACCEPT, DROP = 1, 0
    with runtime() as rt:
        drops, dropped = counting(rt, "netfilter", DROP)
        sees, seen = counting(rt, "netfilter", ACCEPT)
        sees.attach(Hook(target="ipv4:output"))
        drops.attach(Hook(target="ipv4:output", priority=first))
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
            pytest.raises(PermissionError),
        ):
            one.sendto(b"x", (LOCAL, 9))
        assert (runs(dropped), runs(seen)) == (1, int(first > 0))


@pytest.mark.usefixtures("netns")
@pytest.mark.parametrize(
    ("section", "verdict"),
    [("sk_skb/stream_verdict", ""), ("sk_skb/verdict", ""), ("sk_skb", "verdict"), ("sk_msg", "")],
)
@pytest.mark.parametrize("type", [MapType.SOCKMAP, MapType.SOCKHASH])
def test_sockets_in_a_map(section: str, verdict: str, type: MapType) -> None:
    with runtime() as rt:
        sockets = rt.create_map(Map("sockets", type, 4, 8, 2))
        program, counter = counting(rt, section, result=1)

        def send() -> int:
            client, server = connected()
            with client, server:
                one = client if section == "sk_msg" else server
                assert sockets.update(u32(0), struct.pack("<Q", one.fileno()))
                client.send(b"hello")
                server.settimeout(2)
                assert server.recv(10) == b"hello"
            return runs(counter)

        link = program.attach(Hook(map="sockets", target=verdict))
        assert (found := send()) > 0
        link.close()
        assert send() == found


@pytest.mark.usefixtures("netns")
def test_sockets_that_share_a_port() -> None:
    with (
        runtime() as rt,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        for shares in (one, two):
            shares.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            shares.bind((LOCAL, 0 if shares is one else one.getsockname()[1]))
        program, counter = counting(rt, "sk_reuseport", result=1)
        program.attach(Hook(socket=one.fileno()))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
            ran(counter, lambda: source.sendto(b"x", one.getsockname()))


# Control groups


def unix() -> None:
    path = f"\0kring-test-{os.getpid()}"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as source,
    ):
        to.bind(path)
        source.sendto(b"x", path)
        to.recvfrom(10)
        source.connect(path)
        source.getpeername()
        to.getsockname()


def stream_names() -> None:
    client, server = connected()
    with client, server:
        client.getsockname()
        client.getpeername()


def six() -> None:
    datagram(socket.AF_INET6, "::1")
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as server,
        socket.create_connection(server.getsockname()[:2]) as client,
    ):
        client.getpeername()
        client.getsockname()


def option() -> None:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


CGROUP: dict[str, Callable[[], object]] = {
    "cgroup/sock_create": datagram, "cgroup/sock": datagram, "cgroup/sock_release": datagram,
    "cgroup/post_bind4": datagram, "cgroup/post_bind6": six, "cgroup/bind4": datagram,
    "cgroup/bind6": six, "cgroup/connect4": stream, "cgroup/connect6": six,
    "cgroup/sendmsg4": datagram, "cgroup/sendmsg6": six, "cgroup/recvmsg4": datagram,
    "cgroup/recvmsg6": six, "cgroup/getpeername4": stream_names, "cgroup/getpeername6": six,
    "cgroup/getsockname4": datagram, "cgroup/getsockname6": six,
    "cgroup/connect_unix": unix, "cgroup/sendmsg_unix": unix, "cgroup/recvmsg_unix": unix,
    "cgroup/getpeername_unix": unix, "cgroup/getsockname_unix": unix,
    "cgroup/getsockopt": option, "cgroup/setsockopt": option, "sockops": stream,
    "cgroup/sysctl": lambda: Path("/proc/sys/kernel/ostype").read_text(),
    "cgroup/dev": lambda: Path("/dev/zero").open("rb").close(),
    "cgroup/skb": datagram, "cgroup_skb/ingress": datagram, "cgroup_skb/egress": datagram,
}  # fmt: skip


@pytest.mark.parametrize("section", CGROUP)
def test_cgroup(section: str, cgroup: Path) -> None:
    fires(section, CGROUP[section], Hook(cgroup=str(cgroup)), result=1)


# Tracing


def strings() -> None:
    libc = ctypes.CDLL(LIBC)
    libc.atoi(b"12")
    libc.atol(b"12")


@pytest.mark.parametrize(
    ("section", "result"),
    [
        (f"uprobe.s/{LIBC}:atoi", 0),
        (f"uretprobe.s/{LIBC}:atoi", 0),
        (f"uprobe.multi/{LIBC}:ato*", 0),
        (f"uretprobe.multi/{LIBC}:ato[il]", 0),
        (f"uprobe.multi.s/{LIBC}:atoi", 0),
        (f"uprobe.session/{LIBC}:ato*", 0),
        ("raw_tp.w/sched_process_exec", 0),
    ],
)
def test_tracing(section: str, result: int) -> None:
    def fire() -> None:
        strings()
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

    fires(section, fire, result=result)


def test_results_of_many_functions() -> None:
    with runtime() as rt:
        results = rt.create_map(Map("results", MapType.QUEUE, 0, 8, 8))
        program = f"""
            ldxdw r2, [r1+80]
            stxdw [r10-8], r2
            lddw r1, map_fd({results.fd})
            mov r2, r10
            add r2, -8
            mov r3, 0
            call 87
            mov r0, 0
            exit
            """
        hook = Hook(target=f"{LIBC}:ato[il]", pid=os.getpid())
        load(rt, "uretprobe.multi", code(program)).attach(hook)
        strings()
        assert [results.take() for _ in range(3)] == [u64(12), u64(12), None]


def test_many_functions_at_once() -> None:
    counts: dict[str, int] = {}
    for section in ("uprobe.multi", "uretprobe.multi", "uprobe.session"):
        with runtime() as rt:
            program, counter = counting(rt, section)
            program.attach(Hook(target=f"{LIBC}:ato[il]", pid=os.getpid()))
            strings()
            counts[section] = runs(counter)
    assert counts == {"uprobe.multi": 2, "uretprobe.multi": 2, "uprobe.session": 4}


def touch() -> None:
    """New pages of memory, each with something in it."""
    with mmap.mmap(-1, 64 * mmap.PAGESIZE) as memory:
        for at in range(0, len(memory), mmap.PAGESIZE):
            memory[at] = 1


@pytest.mark.parametrize(
    ("hook", "fire"),
    [
        (Hook(frequency=1000), lambda: sum(range(2_000_000))),
        (Hook(target="page-faults", period=1), touch),
        (Hook(target="page-faults:1"), touch),
    ],
    ids=["clock", "faults", "as-in-a-section"],
)
def test_samples(hook: Hook, fire: Callable[[], object]) -> None:
    fires("perf_event", fire, hook)


@pytest.mark.parametrize(
    ("section", "target"),
    [
        ("tp", "sched:sched_process_exec"), ("raw_tp", "sched_process_exec"),
        ("uprobe", f"{LIBC}:atoi"), ("uprobe.multi", f"{LIBC}:atoi"),
    ],
)  # fmt: skip
def test_a_target_that_the_section_does_not_name(section: str, target: str) -> None:
    def fire() -> None:
        strings()
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

    fires(section, fire, Hook(target=target))


# Whole objects


@pytest.mark.usefixtures("netns")
def test_an_object_is_attached_as_far_as_it_says_where(cgroup: Path) -> None:
    returns = {
        "tp/sched/sched_process_exec": 0, "xdp": 2, "tc": -1, "cgroup/connect4": 1, "uprobe": 0,
        "perf_event": 0, "socket": 0, "netfilter": 1, "syscall": 0, "xdp/devmap": 2,
        "uretprobe/readline": 0,
    }  # fmt: skip
    programs = tuple(
        Program(section.replace("/", "_"), section, code(f"mov r0, {result}\nexit"))
        for section, result in returns.items()
    )
    obj = Object("mixed", programs)
    with kring.load(obj) as s:
        asked = {name: text.partition(", as in")[0] for name, text in s.unattached.items()}
    network = "program, which runs on a network interface: say which"
    assert asked == {
        "xdp": f'"xdp" is an xdp {network}',
        "tc": f'"tc" is a tc {network}',
        "cgroup_connect4": '"cgroup_connect4" is a cgroup_sock_addr program, which runs for the'
        " tasks of a cgroup: say which",
        "uprobe": "\"uprobe\": section 'uprobe' names no uprobe: say which",
        "uretprobe_readline": "\"uretprobe_readline\": 'readline' names no file: say which",
        "perf_event": '"perf_event" is a perf_event program, which runs for samples: say how often',
    }
    with kring.load(obj, interface="lo", cgroup=str(cgroup)) as s:
        assert set(s.unattached) == {"uprobe", "uretprobe_readline", "perf_event"}
        with pytest.raises(AttachError, match="'atoi' names no file: say which, as in"):
            s.programs["uprobe"].attach(target="atoi")
        s.programs["uprobe"].attach(target=f"{LIBC}:atoi")
        s.programs["perf_event"].attach(target="page-faults", period=1000)
        s.programs["netfilter"].attach(target="ipv6:output", priority=3)
        with socket.socket() as one:
            s.programs["socket"].attach(socket=one)
        for program in s.programs.values():
            program.detach()


# Iterators

_WRITE = """
    ldxdw r1, [r1+0]
    ldxdw r1, [r1+0]
    mov r2, r10
    add r2, -8
    mov r3, 8
    call 127
    mov r0, 0
    exit
    """
"""bpf_seq_write of 8 bytes of the stack."""
SOMETHING = code(f"stdw [r10-8], 1\n{_WRITE}")
KEYS = code(
    f"""
    ldxdw r2, [r1+16]
    jne r2, 0, some
    mov r0, 0
    exit
    some: ldxw r3, [r2+0]
    stxdw [r10-8], r3
    {_WRITE}
    """
)


def test_iterator_of_a_map() -> None:
    with runtime() as rt:
        for name, keys in (("one", (3, 5)), ("two", (7,))):
            live = rt.create_map(Map(name, MapType.HASH, 4, 4, 8))
            for key in keys:
                live.update(u32(key), u32(0))
        program = load(rt, "iter/bpf_map_elem", KEYS)
        assert sorted(struct.unpack("<2Q", program.read(Hook(map="one")))) == [3, 5]
        assert struct.unpack("<Q", program.read(Hook(map="two"))) == (7,)
        with pytest.raises(AttachError, match="no map 'three'; there are: one, two"):
            program.read(Hook(map="three"))
        with pytest.raises(AttachError, match=r"one map only.*read\(map=…\)"):
            program.read()


def test_iterator_of_a_process() -> None:
    with runtime() as rt:
        program = load(rt, "iter.s/task", SOMETHING)
        everything, ours = program.read(), program.read(Hook(pid=os.getpid()))
    threads = len(os.listdir("/proc/self/task"))
    # The last call is for no task.
    assert len(ours) // 8 == threads + 1
    assert len(everything) > len(ours)


def test_iterator_of_a_cgroup(cgroup: Path) -> None:
    with runtime() as rt:
        program = load(rt, "iter/cgroup", SOMETHING)
        assert len(program.read(Hook(cgroup=str(cgroup)))) // 8 == 2


# What is missing


@pytest.mark.parametrize(
    ("section", "hook", "error", "message"),
    [
        ("cgroup/connect4", ANYWHERE, AttachError, r"say which, as in `load\(…, cgroup="),
        ("sockops", Hook(cgroup="/tmp"), AttachError, "no directory of a cgroup v2"),
        ("netkit/primary", ANYWHERE, AttachError, "network interface: say which"),
        ("netkit/primary", Hook("lo"), AttachError, "is no netkit device, or this"),
        ("xdp", Hook("lo", mode="fast"), AttachError, 'mode=\'fast\': there are "generic", "nat'),
        ("xdp", Hook("lo", mode="native"), NotSupported, 'mode="generic" runs them behind it'),
        ("xdp/devmap", ANYWHERE, AttachError, "runs from a map"),
        ("lwt_xmit", ANYWHERE, AttachError, "is part of a route: `ip route add"),
        ("action", ANYWHERE, AttachError, "part of a filter"),
        ("netfilter", ANYWHERE, AttachError, 'as in "ipv4:input"'),
        ("netfilter", Hook(target="ipv4:in"), AttachError, "one of prerouting, input"),
        ("sk_lookup", Hook(netns="/none"), AttachError, "'/none': there is no such file"),
        ("sk_lookup", Hook(netns="/dev/null"), AttachError, "'/dev/null': this is none"),
        ("sk_msg", ANYWHERE, AttachError, r"attach\(map=\"sockets\"\)"),
        ("sk_msg", Hook(map="runs"), AttachError, "is no map of sockets; the object has: none"),
        ("sk_reuseport", ANYWHERE, AttachError, r"attach\(socket=sock\)"),
        ("perf_event", ANYWHERE, AttachError, r"say how often, as in .*attach\(frequency=99\)"),
        ("perf_event", Hook(target="cycles", period=9), AttachError, "software events"),
        ("perf_event", Hook(target="page-faults"), AttachError, "say how often"),
        ("kprobe", ANYWHERE, AttachError, r"names no kprobe: say which, .*attach\(target=…\)"),
        ("uprobe", Hook(target="libc.so.6:atoi+q"), AttachError, r"'q' in 'atoi\+q' is no number"),
        ("uprobe", Hook(target="a\0b:c"), AttachError, "has characters that no name can have"),
        ("uprobe", Hook(target="libc.so.6:atoi", pid=1 << 40), AttachError, "pid=1099511627776 is"),
        ("usdt", Hook(target="libc.so.6:atoi"), AttachError, "named path:provider:name, not 'libc"),
        ("usdt", Hook(target="::"), AttachError, "named path:provider:name, not '::'"),
        ("perf_event", Hook(period=1 << 70), AttachError, "period=1180591620717411303424 is not"),
        ("xdp", Hook("\ud800"), AttachError, "has characters that no name can have"),
        ("cgroup/dev", Hook(cgroup="\0"), AttachError, "has characters that no name can have"),
        ("uprobe.multi/libc.so.6:nothing*", ANYWHERE, AttachError, "no function of .* matches"),
        ("uprobe.multi/libnone.so:x", ANYWHERE, AttachError, "no file 'libnone.so'"),
    ],
)
def test_refusals(section: str, hook: Hook, error: type[LoadError], message: str) -> None:
    before = open_before()
    with runtime() as rt:
        program, _ = counting(rt, section, result=1)
        with pytest.raises(error, match=message):
            program.attach(hook)
    assert open_fds() == before


@pytest.mark.parametrize(
    "section",
    ["ksyscall/getpid", "kretsyscall/getpid", "kprobe.multi/do_*", "kretprobe.multi/do_*",
     "kprobe.session/do_*"],
)  # fmt: skip
def test_kernel_functions(section: str) -> None:
    if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
        with runtime() as rt, pytest.raises(NotSupported, match="this kernel has no kprobes"):
            counting(rt, section)[0].attach()
        return
    target = "__x64_sys_getp*" if "." in section else ""
    fires(section, os.getpid, Hook(target=target))


def test_one_program_leaves_no_room_in_a_namespace() -> None:
    with runtime() as rt:
        first, _ = counting(rt, "flow_dissector")
        link = first.attach()
        second = load(rt, "flow_dissector", code("mov r0, 0\nexit"), "second")
        with pytest.raises(AttachError, match="allows none beside it"):
            second.attach()
        link.close()


# Test-runs

PACKET = bytes(64)
IP4_TCP = struct.pack("<QII", 0, socket.AF_INET, socket.IPPROTO_TCP).ljust(72, b"\0")
"""struct bpf_sk_lookup."""
RUNNABLE = [
    "xdp", "xdp.frags", "tc", "action", "netkit/peer", "socket", "cgroup_skb/egress", "cgroup/skb",
    "lwt_in", "lwt_out", "lwt_xmit", "flow_dissector", "netfilter", "raw_tp", "syscall",
    "sk_lookup",
]  # fmt: skip


@pytest.mark.parametrize("section", RUNNABLE)
def test_kinds_that_the_kernel_runs_once(section: str) -> None:
    data = b"" if section in ("raw_tp", "syscall", "sk_lookup") else PACKET
    ctx = IP4_TCP if section == "sk_lookup" else b""
    with runtime() as rt:
        program, counter = counting(rt, section, result=1)
        assert program.kind.test_run
        assert program.run(data, ctx).value == 1
        assert runs(counter) == 1


@pytest.mark.parametrize(
    "section",
    ["tc", "action", "netkit/primary", "socket", "lwt_in", "lwt_out", "lwt_xmit"],
)
def test_the_vm_shows_the_same_packet(section: str) -> None:
    """The kind decides whether the program sees the Ethernet header."""
    length = code("ldxw r0, [r1+0]\nexit")
    spec = Program("length", section, length)
    results = []
    for target in (Kernel(), Vm()):
        runtime = target.open(Object("test", (spec,)))
        try:
            results.append(runtime.load(spec, length).run(PACKET).value)
        finally:
            runtime.close()
    assert results[0] == results[1] in (64, 50)


def test_flow_keys_and_contexts_come_back() -> None:
    with runtime() as rt:
        assert len(counting(rt, "flow_dissector")[0].run(PACKET).data) == 56
        assert counting(rt, "sk_lookup")[0].run(ctx=IP4_TCP).ctx == IP4_TCP
        with pytest.raises(LoadError, match="takes no data, and a `struct bpf_sk_lookup`"):
            counting(rt, "sk_lookup")[0].run(PACKET)


@pytest.mark.parametrize(
    "section",
    ["xdp/devmap", "tp", "tp_btf/sched_switch", "iter/task", "kprobe", "uprobe.multi", "raw_tp.w",
     "perf_event", "sk_msg", "sk_skb", "sk_reuseport", "sockops", "lwt_seg6local", "cgroup/dev",
     "cgroup/sysctl", "cgroup/bind4", "cgroup/sock", "cgroup/getsockopt"],
)  # fmt: skip
def test_kinds_that_the_kernel_does_not_run_once(section: str) -> None:
    with runtime() as rt:
        program, _ = counting(rt, section)
        assert not program.kind.test_run
        with pytest.raises(NotSupported, match="the kernel cannot test-run"):
            program.run(PACKET)
