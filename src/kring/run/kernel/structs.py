"""Structs of functions that the kernel calls: made of programs, and put in force.

In: an object. Out: a map for each of its structs, and links that take them out of force again.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from errno import EBUSY, EEXIST, EINVAL, ENOENT, EPERM
from typing import Final

from kring.abi.uapi import AttachType, MapType, ProgType
from kring.btf.blob import Btf
from kring.errors import AttachError, LoadError, NotSupported
from kring.obj.object import Map, Object, Program
from kring.obj.structs import BPF_F_LINK, KernelStruct, kernel_struct
from kring.run.kernel import syscall
from kring.run.kernel.attach import KernelLink
from kring.run.kernel.maps import KernelMap, kernel_name
from kring.run.kernel.privilege import needs, not_permitted
from kring.run.kernel.syscall import Fds, address, bpf, bpf_open, buffer, error_name, failed
from kring.run.target import LiveMap

_KEY: Final = bytes(4)


class Structs:
    """The structs of functions of one object, as the running kernel has them."""

    def __init__(self, obj: Object, kernel: Btf | None) -> None:
        self._obj = obj
        self._kernel = kernel
        self._known: dict[str, KernelStruct] = {}

    def of(self, spec: Map) -> KernelStruct:
        """Raises: LoadError if the kernel has no such struct, NotSupported without its types."""
        if self._kernel is None:
            raise NotSupported(
                f'map "{spec.name}": structs of functions are found by the kernel\'s types (BTF),'
                " and this kernel has none"
            )
        if spec.name not in self._known:
            self._known[spec.name] = kernel_struct(Btf(self._obj.btf), self._kernel, spec)
        return self._known[spec.name]

    def member(self, program: Program) -> tuple[int, int]:
        """Which member of its struct a program is, and the id of the struct's type."""
        for spec in self._obj.maps:
            if spec.type is MapType.STRUCT_OPS and program.name in dict(spec.values).values():
                found = self.of(spec)
                return found.members[program.name], found.type_id
        raise LoadError(
            f'"{program.name}" is a struct_ops program, and no struct of the object has it as a'
            " member"
        )

    def create(self, fds: Fds, spec: Map, btf_fd: int) -> KernelMap:
        """The map for a struct, empty yet; `btf_fd` is the object's types.

        Raises: NotPermitted, LoadError.
        """
        found = self.of(spec)
        attr = struct.pack(
            "<7I16s5IQ", MapType.STRUCT_OPS, len(_KEY), len(found.data), 1, spec.flags, 0, 0,
            kernel_name(spec.name), 0, btf_fd, 0, 0, found.value_id, 0,
        )  # fmt: skip
        try:
            return KernelMap(spec, bpf_open(fds, syscall.MAP_CREATE, attr))
        except OSError as error:
            what = f'creating map "{spec.name}"'
            if error.errno == EPERM:
                raise not_permitted(what, needs(ProgType.STRUCT_OPS)) from None
            raise failed(what, error) from None

    def link(self, live: LiveMap, programs: Mapping[str, int]) -> StructLink:
        """The struct in force; `programs` are the descriptors of the object's programs.

        Since: Linux 5.6; with BPF_F_LINK, Linux 6.4.
        Raises: AttachError, NotPermitted.
        """
        found = self.of(live.spec)
        value = bytearray(found.data)
        for at, name in found.programs:
            if name in programs:
                struct.pack_into("<Q", value, at, programs[name])
        link = StructLink()
        try:
            link.open(live, bytes(value))
        except OSError as error:
            link.close()
            raise _refused(live.spec.name, error.errno or 0, str(error.strerror)) from None
        return link


class StructLink(KernelLink):
    """A struct in force. Closing takes it out of it; closing again does nothing."""

    __slots__ = ("_map",)

    def __init__(self) -> None:
        super().__init__()
        self._map = -1

    def open(self, live: LiveMap, value: bytes) -> None:
        _update(live.fd, value)
        if live.spec.flags & BPF_F_LINK:
            attr = struct.pack("<4I", live.fd, 0, AttachType.STRUCT_OPS, 0)
            bpf_open(self.fds, syscall.LINK_CREATE, attr)
        else:
            self._map = live.fd

    def close(self) -> None:
        super().close()
        fd, self._map = self._map, -1
        if fd >= 0:
            key = buffer(_KEY)
            bpf(syscall.MAP_DELETE_ELEM, struct.pack("<I4xQ", fd, address(key)))


def _update(fd: int, value: bytes) -> None:
    key, memory = buffer(_KEY), buffer(value)
    attr = struct.pack("<I4x3Q", fd, address(key), address(memory), 0)
    bpf(syscall.MAP_UPDATE_ELEM, attr)


def _refused(name: str, errno: int, said: str) -> LoadError:
    what = f"attaching struct {name!r}"
    if errno == EPERM:
        return not_permitted(what, needs(ProgType.STRUCT_OPS))
    why = {
        EBUSY: "it is in force already",
        EEXIST: "another one of that name is in force",
        EINVAL: "the kernel finds it incomplete: a member that it needs is missing or malformed",
        ENOENT: "it was in force before, and cannot be again",
    }
    return AttachError(f"{error_name(errno)}: {what}: {why.get(errno, said)}", errno)
