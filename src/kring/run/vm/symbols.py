"""What the VM's kernel has by name: settings, variables, functions whose address is taken.

In:  what `Vm` was given, the types of an object and of the kernel.
Out: values of settings, and addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kring.btf.blob import Btf
from kring.btf.match import essential
from kring.btf.types import Func, Kind, Var
from kring.errors import NotSupported
from kring.obj.object import KsymRef, Map
from kring.obj.settings import filled
from kring.run.vm import kfuncs
from kring.run.vm.layout import Value, variable
from kring.run.vm.memory import Memory

Setting = int | str | bool
"""A number; a choice as True, False, `y`, `n` or `m`; or any other text."""
_FUNCTIONS: Final = 0xFFFF_FFFF_C000_0000
"""Where functions are said to be; nothing can be read there."""
_FUNCTION_BITS: Final = 4


def configured(spec: Map, btf: Btf, config: Mapping[str, Setting]) -> Map:
    """The map with its settings' values.

    Raises: LoadError for one that is not given.
    """

    def known(name: str) -> str | int | None:
        value = config.get(name)
        if isinstance(value, bool):
            return "y" if value else "n"
        if isinstance(value, str) and value not in ("y", "n", "m"):
            return f'"{value}"'
        return value

    return filled(spec, btf, known, "the VM knows what it is told, Vm(config={NAME: value})")


def address(
    ref: KsymRef, memory: Memory, local: Btf | None, kernel: Btf | None, given: Mapping[str, Value]
) -> int:
    """Where a symbol of the kernel is. A variable is as declared, all zero unless a value is given;
    of what has no type, the address is what is given.

    Raises: NotSupported for one that the VM knows nothing of.
    """
    name = essential(ref.name)
    value = given.get(name)
    if local is None or not ref.type_id:
        if isinstance(value, int):
            return value
        raise NotSupported(
            f"the VM's kernel has no symbol {name!r}; give it an address: "
            f"Vm(ksyms={{{name!r}: 0xffff…}})"
        )
    if isinstance(local[ref.type_id], Func):
        return _FUNCTIONS + (kfuncs.number(name) << _FUNCTION_BITS)
    btf, type_id = local, ref.type_id
    found = kernel.find(name, Kind.VAR) if kernel and kernel is not local else None
    if kernel and found and isinstance(theirs := kernel[found], Var):
        btf, type_id = kernel, theirs.type
    return variable(memory, btf, name, type_id, value).base
