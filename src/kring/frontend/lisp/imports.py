"""Kernel structs that a file imports: what is known of their fields, and by whom.

A field's type is what the file says, else what kring knows of the structs that come with it, else
what the running system says, which is asked only then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kring.decl import structs
from kring.decl.kernel import KernelStruct, view_field, view_names
from kring.decl.types import ArrayType, Char, CString, IntType, ViewType
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.lisp.declared import Declared
from kring.frontend.lisp.forms import lisp_name
from kring.ir.core import Span
from kring.record import record

if TYPE_CHECKING:
    from kring.decl.imported import Imported
    from kring.frontend.lisp.unit import Unit


@record(frozen=False, eq=False)
class KernelType:
    """A kernel struct or union that a file imports, by its name in C, and the fields it names;
    `layout` is what the running system says, once it was asked."""

    name: str
    lisp: str
    span: Span
    fields: dict[str, Declared]
    layout: Imported | None = None

    def tag(self) -> str:
        """Whether it is a `struct` or a `union`, as far as that is known."""
        return self.layout.tag if self.layout else "struct"

    def asked(self, unit: Unit, span: Span) -> Imported:
        """The struct as the running system has it."""
        if self.layout is None:
            self.layout = _asked(unit, self.name, span)
        return self.layout

    def settle(self, unit: Unit) -> None:
        """Ask the running system, if there is one, where the file and kring leave something to
        it."""
        open_ones = (key for key, spec in self.fields.items() if spec.type is None)
        if unit.facts and not all(shipped(self.name, key) for key in open_ones):
            self.asked(unit, self.span)

    def find(self, unit: Unit, field: str) -> tuple[str, ViewType]:
        """Name in C and type of a field."""
        spec = self.fields[field]
        if spec.type is not None:
            return spec.name, spec.type
        if not self.layout and (known := shipped(self.name, field)):
            return known
        layout = self.asked(unit, spec.span)
        name = next((one for one in layout.members if lisp_name(one) == field), None)
        if name is None:
            known = [lisp_name(one) for one in layout.members]
            hint = did_you_mean(field, known)
            refuse(spec.span, f"{self.name} has no field {field} in this kernel. {hint}")
        kind = layout.type(name)
        if kind is None:
            refuse(spec.span, f"{self.name}.{name} holds nothing that a program can read")
        return name, kind


def shipped(struct: str, field: str) -> tuple[str, ViewType] | None:
    """Name in C and type of a field of a struct that comes with kring, if it is one."""
    known = getattr(structs, struct, None)
    if not isinstance(known, type) or not issubclass(known, KernelStruct):
        return None
    name = next((one for one in view_names(known) if lisp_name(one) == field), "")
    found = view_field(known, name) if name else None
    if found is None or found.name != name:
        return None
    match found.type:
        case IntType(size, pointer=pointer):
            return name, IntType(size, pointer=pointer)
        case Char(size):
            return name, ArrayType(IntType(1), size)
        case CString():
            return name, IntType(8, pointer=True)
        case kind:
            return name, kind


def _asked(unit: Unit, name: str, span: Span) -> Imported:
    from kring.decl.imported import imported

    try:
        types = unit.facts.btf if unit.facts else None
    except OSError as error:
        refuse(span, f"the kernel's types cannot be read: {error}")
    if types is None:
        refuse(
            span,
            f"the types of {name} are known only to a running kernel that publishes them (BTF)",
            "say what you use: `(import-kernel-struct NAME (FIELD u32) …)`",
        )
    found = imported(types, name)
    if found is None:
        refuse(span, f"this kernel has no struct {name}")
    return found
