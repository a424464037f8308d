"""The kernel's variables that a program takes the address of, found among the kernel's types.

In: a `KsymRef`, the object's types and the kernel's. Out: the id of the variable there, or of the
function, if it is of the type that the program was compiled for.
"""

from __future__ import annotations

from collections.abc import Iterator

from kring.btf.blob import Btf
from kring.btf.match import essential, types_compatible
from kring.btf.types import Func, Kind, Var
from kring.errors import LoadError, NotSupported, ObjectError
from kring.obj.kfuncs import find_kfunc, spell
from kring.obj.object import KfuncRef, KsymRef
from kring.spelling import suggestion


def find_ksym(ref: KsymRef, local: Btf | None, target: Btf) -> int:
    """The id of the variable or function in `target`.

    Raises: LoadError if it is not there, or of another type.
    """
    if local is None:
        raise ObjectError(f"the object has no types that say what {ref.name!r} is")
    if isinstance(local[ref.type_id], Func):
        return find_kfunc(KfuncRef(ref.slot, ref.name, ref.type_id, ref.weak), local, target)
    name = essential(ref.name)
    found = target.find(name, Kind.VAR)
    variable = target[found] if found is not None else None
    if found is None or not isinstance(variable, Var):
        known = () if ref.weak else map(target.name, target.ids(Kind.VAR))
        hint = suggestion(name, known, ". ")
        raise NotSupported(f"this kernel has no variable {name!r} that its types (BTF) know{hint}")
    mine, theirs = local.strip(ref.type_id), target.strip(variable.type)
    named = essential(local.name(mine)) == essential(target.name(theirs))
    if not named or not types_compatible(local, mine, target, theirs):
        raise LoadError(
            f"the kernel's {name!r} is `{spell(target, theirs)}`, not `{spell(local, mine)}` as "
            "declared"
        )
    return found


def find_address(ref: KsymRef, symbols: str) -> int:
    """The address of a symbol in the text of /proc/kallsyms.

    Raises: LoadError if it is not there, or at more than one place, or not to be seen.
    """
    found = set(_addresses(f" {essential(ref.name)}", symbols))
    if not found:
        raise NotSupported(f"this kernel has no symbol {ref.name!r}")
    if found == {0}:
        raise LoadError(
            f"the kernel hides the address of {ref.name!r}: sudo sysctl kernel.kptr_restrict=1, "
            "and CAP_SYSLOG, show it"
        )
    if len(found) > 1:
        places = ", ".join(f"{address:#x}" for address in sorted(found))
        raise LoadError(f"this kernel has {len(found)} symbols {ref.name!r}, at {places}")
    return found.pop()


def _addresses(name: str, symbols: str) -> Iterator[int]:
    """The addresses in lines such as `ffffffff81000000 T name` or, in a module, `… t name\t[xfs]`;
    a pattern takes ten times as long as the search for the name."""
    at = symbols.find(name)
    while at >= 0:
        end = at + len(name)
        if symbols[end : end + 1] in ("", "\n", "\t"):
            begin = symbols.rfind("\n", 0, at) + 1
            yield int(symbols[begin:at].partition(" ")[0], 16)
        at = symbols.find(name, end)
