"""BTF of a kernel module, whose ids and strings go on where those of its base end."""

from __future__ import annotations

from kring.btf.blob import Btf
from kring.btf.types import Type
from kring.btf.write import Builder


class Split(Builder):
    """A builder on top of `base`; strings that the base has are not written again, as the
    kernel's build leaves them out."""

    def __init__(self, base: Btf) -> None:
        super().__init__()
        self._base = base
        self._text = bytearray()

    def add(self, type: Type) -> int:
        return super().add(type) + len(self._base) - 1

    def string(self, text: str) -> int:
        strings = self._base.data[-self._base.strings_size :]
        at = strings.find(b"\0" + text.encode() + b"\0")
        if not text or at >= 0:
            return at + 1 if text else 0
        if text not in self._strings:
            self._strings[text] = self._base.strings_size + len(self._text)
            self._text += text.encode() + b"\0"
        return self._strings[text]


def split(base: Btf, where: str, *types: Type) -> Btf:
    """Such a blob of these types."""
    builder = Split(base)
    for type in types:
        builder.add(type)
    return Btf(builder.bytes(), base, where)
