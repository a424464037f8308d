"""Programs connected to their hooks: one row per kind that has a hook.

In: a loaded program, the target its section names, and what else `load` was told of the hook. Out:
a `KernelLink`, whose descriptors keep the connection; closing them ends it. `probes` has hooks in
running code, `network` those that see packets, `cgroups` and `sockets` those at what tasks do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from errno import EINVAL, ENOENT, EPERM
from typing import TYPE_CHECKING

from kring.abi.uapi import AttachType
from kring.errors import AttachError, LoadError, NotSupported
from kring.record import record
from kring.run.kernel import syscall
from kring.run.kernel.maps import KernelMap
from kring.run.kernel.privilege import needs_to_attach, not_permitted
from kring.run.kernel.programs import KernelProgram
from kring.run.kernel.syscall import Fds, address, bpf_open, buffer, failed
from kring.run.kernel.tracefs import Tracefs
from kring.run.spec import kind_of, unknown_hook
from kring.run.target import ANYWHERE, Hook
from kring.spelling import article, suggestion

if TYPE_CHECKING:
    from kring.run.info import LinkInfo


class KernelLink:
    """An attached program. Closing detaches it, unless a name keeps it; again does nothing."""

    __slots__ = ("fds",)

    def __init__(self) -> None:
        self.fds = Fds()

    def info(self) -> LinkInfo:
        """What the kernel knows of the link, the first if the hook took several."""
        from kring.run.kernel.info import link_info

        return link_info(self._links()[0])

    def pin(self, path: str) -> None:
        """Give the link a name that keeps the program attached.

        Raises: NotSupported for a hook that took no link, or several.
        """
        from kring.run.kernel.pin import pin

        links = self._links()
        if len(links) > 1:
            raise NotSupported(
                f"this program is attached at {len(links)} places by a link each, and a name is of"
                " one: attach it to each by itself, with `target`"
            )
        pin(links[0], path)

    def unpin(self, path: str) -> None:
        from kring.run.kernel.pin import unpin

        unpin(path)

    def _links(self) -> list[int]:
        from kring.run.kernel.info import kind_of_fd

        found = [fd for fd in self.fds if kind_of_fd(fd) == "link"]
        if not found:
            missing = "this hook is connected without one, or the program is detached"
            raise NotSupported(f"there is no link: {missing}")
        return found

    def close(self) -> None:
        self.fds.close()


@record
class Surroundings:
    """What programs of one object share: where tracepoints are listed, the object's maps, and the
    forms of static probes' arguments that its map of them holds already."""

    tracefs: Tracefs
    maps: Mapping[str, KernelMap]
    forms: list[bytes]


@record
class Request:
    """A program to be connected to `target`; what that takes belongs to `fds`."""

    program: KernelProgram
    target: str
    hook: Hook
    around: Surroundings
    fds: Fds

    def link(self, at: int, where: int, more: bytes = b"", flags: int = 0) -> None:
        """The program connected by a link to what `at` names; `more` is what this kind of hook
        takes beyond that."""
        attr = struct.pack("<4I", self.program.fd, at, where, flags) + more
        bpf_open(self.fds, syscall.LINK_CREATE, attr)

    def what(self) -> str:
        """What is being done, for an error."""
        where = f" to {self.target}" if self.target else ""
        return f'attaching "{self.program.spec.name}"{where}'


def attach(program: KernelProgram, around: Surroundings, link: KernelLink, hook: Hook) -> None:
    """Connect the program to its hook; what that takes belongs to `link`, failing or not.

    Raises: AttachError, NotPermitted, NotSupported.
    """
    kind, target = kind_of(program.spec)
    connect = _ATTACH.get(kind.name)
    if connect is None:
        raise AttachError(
            f'"{program.spec.name}" is {article(kind.name)} program, which'
            f" {_NOWHERE.get(kind.name, 'has no hook. Test-run it with .run()')}"
        )
    if asks := unknown_hook(program.spec, hook):
        raise AttachError(asks)
    if hook is not ANYWHERE:
        _check(hook, f'attaching "{program.spec.name}"')
    request = Request(program, hook.target or target, hook, around, link.fds)
    try:
        connect(request)
    except OSError as error:
        link.close()
        # Our own errors are complete; some of them are OSErrors too.
        raise error if isinstance(error, LoadError) else _refused(request, error) from None
    except BaseException:
        link.close()
        raise


def _check(hook: Hook, what: str) -> None:
    """Refuse numbers that the kernel has no room for, and texts that no name can be."""
    for name, valid in _NUMBERS.items():
        if (number := getattr(hook, name) or 0) not in valid:
            raise AttachError(
                f"{what}: {name}={number} is not between {valid.start} and {valid.stop - 1}"
            )
    for name in ("interface", "cgroup", "netns", "target"):
        text = getattr(hook, name) or ""
        if "\0" in text or text != text.encode(errors="replace").decode():
            raise AttachError(f"{what}: {name}={text!r} has characters that no name can have")


def _refused(request: Request, error: OSError) -> LoadError:
    if error.errno == EPERM:
        return not_permitted(request.what(), needs_to_attach(request.program.kind.type))
    return failed(request.what(), error, AttachError)


def _raw_tracepoint(request: Request) -> None:
    """The program called with the tracepoint's own arguments."""
    event = request.target.rpartition(":")[2]
    name = buffer(event.encode() + b"\0")
    attr = struct.pack("<QI4xQ", address(name), request.program.fd, 0)
    try:
        bpf_open(request.fds, syscall.RAW_TRACEPOINT_OPEN, attr)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        raise AttachError(
            f"no raw tracepoint {event}.{_suggestion(request.around.tracefs, event)}", ENOENT
        ) from None


def _suggestion(tracefs: Tracefs, event: str) -> str:
    try:
        names = [name.partition(":") for name in tracefs.names()]
    except LoadError:
        # Without tracefs there is no list to choose from; the name alone must do.
        return ""
    # The syscalls' tracepoints are two raw ones: sys_enter and sys_exit.
    raw = [name for category, _, name in names if category != "syscalls"]
    return suggestion(event, [*raw, "sys_enter", "sys_exit"], quote="")


def _function(request: Request) -> None:
    """The program at the function that it named at load.

    Kernels before 5.19 know only the command for raw tracepoints.
    """
    program = request.program
    where = program.kind.attach
    try:
        request.link(0, where)
    except OSError as error:
        if error.errno != EINVAL or where == AttachType.LSM_MAC:
            raise
        attr = struct.pack("<QI4x", 0, program.fd)
        bpf_open(request.fds, syscall.RAW_TRACEPOINT_OPEN, attr)


def _later(module: str, name: str) -> Callable[[Request], None]:
    """A function of a module that is imported when it is called."""

    def connect(request: Request) -> None:
        from importlib import import_module

        getattr(import_module(f"kring.run.kernel.{module}"), name)(request)

    return connect


_ATTACH: dict[str, Callable[[Request], None]] = {
    "tracepoint": _later("probes", "tracepoint"),
    "raw_tracepoint": _raw_tracepoint,
    "raw_tracepoint_writable": _raw_tracepoint,
    "tp_btf": _function,
    "fentry": _function,
    "fexit": _function,
    "fmod_ret": _function,
    "lsm": _function,
    "lsm_cgroup": _later("cgroups", "cgroup"),
    "kprobe": _later("probes", "kprobe"),
    "kretprobe": _later("probes", "kprobe"),
    "ksyscall": _later("probes", "ksyscall"),
    "kretsyscall": _later("probes", "ksyscall"),
    "kprobe_multi": _later("multi", "kprobes"),
    "kretprobe_multi": _later("multi", "kprobes"),
    "kprobe_session": _later("multi", "kprobes"),
    "uprobe": _later("probes", "uprobe"),
    "uretprobe": _later("probes", "uprobe"),
    "uprobe_multi": _later("multi", "uprobes"),
    "uretprobe_multi": _later("multi", "uprobes"),
    "uprobe_session": _later("multi", "uprobes"),
    "usdt": _later("usdt", "usdt"),
    "perf_event": _later("probes", "perf_event"),
    "xdp": _later("network", "xdp"),
    "tc": _later("network", "tc"),
    "netkit": _later("network", "netkit"),
    "netfilter": _later("network", "netfilter"),
    "flow_dissector": _later("network", "namespace"),
    "sk_lookup": _later("network", "namespace"),
    "cgroup_skb": _later("cgroups", "cgroup"),
    "cgroup_sock": _later("cgroups", "cgroup"),
    "cgroup_sock_addr": _later("cgroups", "cgroup"),
    "cgroup_sockopt": _later("cgroups", "cgroup"),
    "cgroup_sysctl": _later("cgroups", "cgroup"),
    "cgroup_device": _later("cgroups", "cgroup"),
    "sockops": _later("cgroups", "cgroup"),
    "socket_filter": _later("sockets", "socket"),
    "sk_reuseport": _later("sockets", "socket"),
    "sk_skb": _later("sockets", "socket_map"),
    "sk_msg": _later("sockets", "socket_map"),
}
_NUMBERS = {
    "pid": range(1 << 31),
    "frequency": range(1 << 31),
    "period": range(1 << 63),
    "priority": range(-(1 << 31), 1 << 31),
}
_ROUTES = "is part of a route: `ip route add … encap bpf` puts an object file there"
_NOWHERE = {
    **dict.fromkeys(("lwt_in", "lwt_out", "lwt_xmit"), _ROUTES),
    "lwt_seg6local": "is part of a route: `ip -6 route add … encap seg6local` puts it there",
    "action": "is part of a filter of tc(8): `tc filter add … action bpf` puts a file there",
    "xdp_map": "runs from a map: its descriptor `fd` is part of an entry of a devmap or cpumap",
    "struct_ops": "is part of a struct of functions, and is attached with it",
    "lirc_mode2": "is attached to an infrared receiver, which kring does not do",
}
"""Kinds that something else than an attachment connects, and what does."""
