"""The object's own BTF in the kernel, loaded when something first needs it.

Types are for people and tools, so what a kernel does not take is left out, and said. Programs that
do need them are refused by the verifier, whose error then says so, too.
"""

from __future__ import annotations

import struct
from errno import EPERM

from kring.run.kernel.privilege import BPF, not_permitted
from kring.run.kernel.syscall import BTF_LOAD, Fds, address, bpf_open, buffer, error_name
from kring.run.told import tell

_LOG_SIZE = 1 << 16
_HEADER = struct.Struct("<HBBIIIII")


class ObjectTypes:
    """BTF that names the functions, lines, keys and values of one object."""

    __slots__ = ("_data", "_fd", "_fds", "_offsets", "_strings", "refused")

    def __init__(self, fds: Fds, data: bytes) -> None:
        self._fds = fds
        self._data = data
        self._fd = 0
        self.refused = ""
        self._offsets: dict[str, int] = {"": 0}
        self._strings = range(0)
        if data:
            _, _, _, header_size, _, _, begin, size = _HEADER.unpack_from(data)
            self._strings = range(header_size + begin, header_size + begin + size)

    def __bool__(self) -> bool:
        return bool(self._data)

    def fd(self) -> int:
        """The descriptor of the loaded BTF; 0 if the object has none, or none the kernel takes,
        which `refused` explains in the last line of its log.

        Raises: NotPermitted.
        """
        if self._data and not self._fd and not self.refused:
            self._fd = self._load()
            if self.refused:
                tell(f"{self.refused}. What can do without them does")
        return self._fd

    def string(self, text: str) -> int | None:
        """The offset of a string in the BTF's string section, None if it is not there."""
        if text not in self._offsets:
            wanted = b"\0" + text.encode() + b"\0"
            found = self._data.find(wanted, self._strings.start, self._strings.stop)
            if found < 0:
                return None
            self._offsets[text] = found + 1 - self._strings.start
        return self._offsets[text]

    def _load(self) -> int:
        memory = buffer(self._data)
        try:
            attr = struct.pack("<2Q3I", address(memory), 0, len(self._data), 0, 0)
            return bpf_open(self._fds, BTF_LOAD, attr)
        except OSError as error:
            if error.errno == EPERM:
                raise not_permitted("loading the object's types", (BPF,)) from None
        # Logging slows a load and its buffer can be too small, so it is asked for only now.
        log = buffer(_LOG_SIZE)
        try:
            attr = struct.pack(
                "<2Q3I", address(memory), address(log), len(self._data), _LOG_SIZE, 1
            )
            return bpf_open(self._fds, BTF_LOAD, attr)
        except OSError as error:
            said = log.value.decode(errors="replace").strip().splitlines()
            name = error_name(error.errno or 0)
            reason = said[-1] if said else error.strerror
            self.refused = f"{name}: the kernel refused the object's types (BTF): {reason}"
            return 0
