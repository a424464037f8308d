"""Decorators that mark functions as programs, by what they attach to.

A decorator does no I/O and compiles nothing: modules with programs import anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, overload

from kring.abi.programs import DIRECTIONS, KINDS, Kind, section
from kring.errors import DeclarationError, NotLive
from kring.record import record

if TYPE_CHECKING:
    from kring.decl.contexts import PerfEvent
    from kring.decl.packets import Skb, Xdp

    OnSkb = Callable[[Skb], int] | Callable[[], int]

Function = Callable[..., Any]
Decorator = Callable[[Function], "Program"]
Observer = Callable[[Callable[..., None]], "Program"]
"""Marks a function that returns nothing."""


@record(eq=False)
class Program:
    """A function to be compiled, and where it attaches; the key of its live handle."""

    function: Function
    kind: Kind
    target: str = ""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def section(self) -> str:
        """The name of its ELF section, which says kind and target."""
        return section(self.kind, self.target)

    def __call__(self, *_: object) -> NoReturn:
        raise NotLive(
            f"{self.name}() is a BPF program; the kernel calls it. "
            f"To run it once on given input: `s[{self.name}].run(…)`"
        )


def _marks(kind: str, target: str = "") -> Decorator:
    """The decorator for one hook."""
    return lambda function: Program(function, KINDS[kind], target)


def _named(kind: str, name: object, example: str) -> Decorator:
    """The decorator for a hook that has a name of the kernel's."""
    if not isinstance(name, str):
        raise DeclarationError(f'say which: `@{kind}("{example}")`')
    if not name.isidentifier():
        raise DeclarationError(f"{kind}({name!r}): write the name alone, as in {example}")
    return _marks(kind, name)


# Tracing


def tracepoint(name: str) -> Callable[[Function], Program]:
    """Run at a tracepoint, named `category:event` as in tracefs.

    The context is a `TracepointArgs` class, or `Context`, or left out.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DeclarationError('say which: `@tracepoint("sched:sched_process_exec")`')
    category, colon, event = name.partition(":")
    if not (category and colon and event):
        raise DeclarationError(
            f"tracepoint({name!r}): write category:event, as in sched:sched_process_exec"
        )
    return _marks("tracepoint", name)


def raw_tracepoint(name: str) -> Callable[[Function], Program]:
    """Run at a tracepoint, named without category, with the arguments of the kernel's own call.

    The parameters are these arguments, in order, with types: `prev: task_struct`, `state: u32`;
    or one `Context` with their names. One that is not used is `object`. What pointers lead to is
    read by a helper.
    """
    return _named("raw_tracepoint", name, "sched_switch")


def tp_btf(name: str) -> Observer:
    """As `raw_tracepoint`, with arguments whose types the verifier knows: what they lead to is
    read directly.

    Since: Linux 5.5.
    """
    return _named("tp_btf", name, "sched_switch")


def fentry(name: str) -> Observer:
    """Run where a kernel function begins; the parameters are the function's.

    Since: Linux 5.5.
    """
    return _named("fentry", name, "do_unlinkat")


def fexit(name: str) -> Observer:
    """Run where a kernel function returns; the parameters are all of the function's, then its
    result.

    Since: Linux 5.5.
    """
    return _named("fexit", name, "do_unlinkat")


def kprobe(name: str) -> Callable[[Function], Program]:
    """Run where a kernel function begins; the parameters are the function's first ones, at most
    six, or one `Registers`."""
    return _named("kprobe", name, "do_unlinkat")


def kretprobe(name: str) -> Callable[[Function], Program]:
    """Run where a kernel function returns; the parameter is its result, or one `Registers`."""
    return _named("kretprobe", name, "do_unlinkat")


def uprobe(path: str, symbol: str) -> Callable[[Function], Program]:
    """Run where a function of a program or library begins; the parameters are the function's first
    ones, at most six, or one `Registers`. Strings: `user_str(p)`.

    `path` is a file, or the name of a library or command to be looked for where such things are;
    `symbol` is a function's name, or `name+0x10`. `load(…, pid=…)` watches one process only.
    """
    return _marks("uprobe", _in_file("uprobe", path, symbol))


def uretprobe(path: str, symbol: str) -> Callable[[Function], Program]:
    """As `uprobe`, where the function returns; the parameter is its result."""
    return _marks("uretprobe", _in_file("uretprobe", path, symbol))


def usdt(path: str, provider: str, name: str) -> Callable[[Function], Program]:
    """Run at a static probe that a program or library has built in; the parameters are the probe's
    arguments, in order, integers all, or one `Registers`. Files are named as for `uprobe`.

    Where the arguments are is read from the file when the program is loaded.
    """
    return _marks("usdt", _in_file("usdt", path, provider, name))


def _in_file(kind: str, path: str, *names: str) -> str:
    if not path or ":" in path or not all(names) or any(":" in name for name in names):
        wanted = "path, symbol" if len(names) == 1 else "path, provider, name"
        raise DeclarationError(f"@{kind}({wanted}): got {', '.join(map(repr, (path, *names)))}")
    return ":".join((path, *names))


def lsm(name: str) -> Callable[[Function], Program]:
    """Decide about what a security hook guards: 0 allows it, a negative errno forbids it. The
    parameters are the hook's.

    Since: Linux 5.7.
    """
    return _named("lsm", name, "file_open")


def iterator(name: str) -> Callable[[Function], Program]:
    """Run for each of the kernel's objects of a kind when asked to, by `s[program].read()`: `task`,
    `task_file`, `bpf_map` and so on.

    The first parameter is a `bpf_iter_meta`, to whose `seq` helpers.seq_write() writes what is
    read; the others are the objects, `task: task_struct | None`, and None in a last call.
    Since: Linux 5.8.
    """
    return _named("iterator", name, "task")


def perf_event(
    event: str = "cpu-clock", *, frequency: int = 0, period: int = 0
) -> Callable[[Callable[[PerfEvent], None] | Callable[[], None]], Program]:
    """Run on each CPU as a perf event is sampled, `frequency` times a second or once in `period`
    events; of clocks the period is in nanoseconds.

    `event` is one of the kernel's software events: `cpu-clock`, `page-faults`,
    `context-switches` and so on.
    """
    if bool(frequency) == bool(period) or frequency < 0 or period < 0:
        raise DeclarationError("say how often: `@perf_event(frequency=99)`, or `period=…`")
    often = f"{frequency}Hz" if frequency else str(period)
    return _marks("perf_event", f"{event}:{often}")


# Packets


def xdp(function: Callable[[Xdp], int] | Callable[[], int], /) -> Program:
    """Run for each packet that a network device receives; the result is an `XdpAction`.

    `load(…, interface="eth0")` says which device. A failed `assert` gives `ABORTED`.
    """
    return Program(function, KINDS["xdp"])


@overload
def tc(direction: str, /) -> Callable[[OnSkb], Program]: ...
@overload
def tc(function: OnSkb, /) -> Program: ...
def tc(what: Any, /) -> Any:
    """Run for each packet that enters a network device (`@tc`), or leaves it (`@tc("egress")`);
    the result is a `TcAction`.

    `load(…, interface="eth0")` says which device. A failed `assert` gives `OK`.
    Since: Linux 6.6, commit e420bed02507 ("bpf: Add fd-based tcx multi-prog infra with link
    support").
    """
    return _directed("tc", what)


@overload
def cgroup_skb(direction: str, /) -> Callable[[OnSkb], Program]: ...
@overload
def cgroup_skb(function: OnSkb, /) -> Program: ...
def cgroup_skb(what: Any, /) -> Any:
    """Run for each packet that sockets of a cgroup's tasks receive (`@cgroup_skb`), or send
    (`@cgroup_skb("egress")`); the result is a `CgroupAction`. Packets begin with their IP header.

    `load(…, cgroup="/sys/fs/cgroup/…")` says which cgroup. A failed `assert` gives `DROP`.
    """
    return _directed("cgroup_skb", what)


def _directed(kind: str, what: Any) -> Program | Decorator:
    if callable(what):
        return Program(what, KINDS[kind], DIRECTIONS[0])
    if what not in DIRECTIONS:
        raise DeclarationError(f'{kind}({what!r}): a direction is "ingress" or "egress"')
    return _marks(kind, what)


def socket_filter(function: OnSkb, /) -> Program:
    """Run for each packet that a socket receives; the result is how many bytes of it the socket
    gets, 0 for none.

    `s[program].attach(socket=…)` connects it.
    """
    return Program(function, KINDS["socket_filter"])


def syscall(function: Function) -> Program:
    """Run only when asked to, by `s[program].run()`."""
    return Program(function, KINDS["syscall"])
