"""Types of fields: integers of stated width, fixed strings, arrays and bit fields.

`u32` and its like are `Annotated[int, …]`, so a type checker sees `int`. What an annotation and
its default value mean together is decided by `field_type`, for structs and for partial views of
kernel data alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from kring.errors import DeclarationError
from kring.record import record, replace


@record
class IntType:
    """An integer of `size` bytes; `big` is network order, `pointer` what the kernel has as one."""

    size: int
    signed: bool = False
    big: bool = False
    pointer: bool = False

    @property
    def name(self) -> str:
        if self.pointer:
            return "ptr"
        kind = "be" if self.big else "i" if self.signed else "u"
        return f"{kind}{self.size * 8}"

    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        bits = self.size * 8
        return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if self.signed else (0, (1 << bits) - 1)


u8 = Annotated[int, IntType(1)]
u16 = Annotated[int, IntType(2)]
u32 = Annotated[int, IntType(4)]
u64 = Annotated[int, IntType(8)]
i8 = Annotated[int, IntType(1, signed=True)]
i16 = Annotated[int, IntType(2, signed=True)]
i32 = Annotated[int, IntType(4, signed=True)]
i64 = Annotated[int, IntType(8, signed=True)]
be16 = Annotated[int, IntType(2, big=True)]
be32 = Annotated[int, IntType(4, big=True)]
be64 = Annotated[int, IntType(8, big=True)]
ptr = Annotated[int, IntType(8, pointer=True)]


@record
class Char:
    """A NUL-terminated string in `size` bytes; `clear` zeroes what follows the NUL. One that is
    `whole` may take all bytes and have no NUL, as C's do."""

    size: int
    clear: bool = False
    whole: bool = False


@record
class ArrayType:
    """`count` elements in a row, each an integer or a struct; of `u8` it reads as bytes.

    `changes` if it is annotated with a type that lets programs assign elements, `list` or
    `bytearray`, and reads as that.
    """

    element: IntType | type[Any]
    count: int
    changes: bool = False

    @property
    def step(self) -> int:
        """Bytes from one element to the next."""
        element: Any = self.element
        size: int = element.size if isinstance(element, IntType) else element._kring_layout.size
        return size

    @property
    def size(self) -> int:
        return self.step * self.count

    @property
    def is_bytes(self) -> bool:
        return self.element == IntType(1)


@record
class Bits:
    """The next `width` bits of a unit of `unit`'s size, lowest first."""

    unit: IntType
    width: int

    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        bits = self.width
        if self.unit.signed:
            return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        return 0, (1 << bits) - 1


@record(eq=False)
class Coded:
    """A type that C has and declarations have not: `decode` makes a value of its `size` bytes,
    `encode` bytes of a value, and `format` says what numpy takes for it, None if nothing.

    One that takes the `rest` has what follows the struct's own bytes too.
    """

    name: str
    size: int
    align: int
    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]
    format: Callable[[], Any] = lambda: None
    rest: bool = False

    def __repr__(self) -> str:
        return self.name


@record
class DynamicStr:
    """A string of a tracepoint that has no fixed place: `__data_loc char[]`."""

    size: int = 4


@record
class CString:
    """A pointer to a NUL-terminated string in the kernel."""

    size: int = 8


@record
class Embedded:
    """A kernel struct that lies inside another; without `struct`, of the annotated class."""

    struct: type[Any] | None = None


@record
class Elements:
    """`count` kernel structs in a row, or pointers to such if the element is a class."""

    element: Embedded | type[Any]
    count: int


@record
class Named:
    """A field that the kernel has under another `name` than the program."""

    name: str
    default: Any


@record
class Width:
    """What `bits(n)` leaves behind until the annotation beside it is known."""

    width: int


FieldType: TypeAlias = "IntType | Char | ArrayType | Bits | Coded | DynamicStr | type[Any]"
"""The classes are nested structs, or kernel structs a pointer leads to."""
ViewType: TypeAlias = "FieldType | CString | Embedded | Elements"
"""What a field of a kernel struct holds; a class can be a kernel enum too."""


def char(size: int, *, clear: bool = False) -> Any:
    """A field of `size` bytes that holds a NUL-terminated string and reads as `str`.

    With `clear=True` the bytes after the NUL are zeroed as well.
    """
    if size < 1:
        raise DeclarationError(f"char({size}): a string needs at least 1 byte, for its NUL")
    return Char(size, clear)


def array(count: int, element: Any = u8) -> Any:
    """A field of `count` integers or structs in a row: `bytes` of `u8`, else a tuple.

    Where programs assign single elements, annotate `bytearray` or `list`.
    """
    kind = int_type(element)
    if isinstance(element, Embedded) or hasattr(element, "_kring_fields"):
        return Elements(element, count)
    if kind is None and not hasattr(element, "_kring_layout"):
        raise DeclarationError(
            "array(count, element): element is an integer type such as u32, or a Struct"
        )
    if count < 1:
        raise DeclarationError(f"array({count}): an array needs at least 1 element")
    return ArrayType(kind or element, count)


def bits(width: int) -> Any:
    """A field of the next `width` bits of its annotated unit."""
    if not 1 <= width <= 64:
        raise DeclarationError(f"bits({width}): a bit field is 1 to 64 bits wide")
    return Width(width)


def embedded(struct: type[Any] | None = None) -> Any:
    """A field of a kernel struct that lies inside it: `f_path: path = embedded()`.

    An array of such is `array(4, embedded(upid))`.
    """
    return Embedded(struct)


def named(name: str, default: Any = None) -> Any:
    """A field of a kernel struct that has another name in the kernel: `state: u32 =
    named("__state")`. `default` is what else the field needs, as `char(16)`."""
    return Named(name, default)


def int_type(annotation: object) -> IntType | None:
    """The width behind `u32` and its like, None for anything else."""
    return next((arg for arg in get_args(annotation) if isinstance(arg, IntType)), None)


def field_type(owner: str, name: str, annotation: object, default: object) -> FieldType:
    """What one annotated field holds.

    Raises: DeclarationError naming the field and what to write.
    """
    where = f"{owner}.{name}"
    kind = int_type(annotation)
    match default:
        case Width(width):
            if kind is None or width > kind.size * 8:
                raise DeclarationError(f"{where}: bits({width}) needs a unit that holds it, as u8")
            if kind.big and kind.size > 1:
                raise DeclarationError(
                    f"{where}: bits({width}) of {kind.name}: the bits of a unit in network order "
                    f"do not lie in a row; declare the whole `{kind.name}` and take the bits with "
                    "`>>` and `&`, or split it into `u8 = bits(…)`, lowest bits first"
                )
            return Bits(kind, width)
        case ArrayType():
            changes = annotation is bytearray or get_origin(annotation) is list
            return replace(default, changes=changes)
        case Char():
            return default
        case None:
            pass
        case _:
            raise DeclarationError(
                f"{where} = {default!r}: a field's default is char(n), array(n) or bits(n)"
            )
    if kind is not None:
        return kind
    if isinstance(annotation, type) and annotation not in _PLAIN:
        return annotation
    if annotation is str:
        return DynamicStr()
    wanted = _PLAIN.get(annotation, "an integer type such as u32, or a Struct")
    raise DeclarationError(f"{where}: say how large it is: {wanted}")


_PLAIN: Mapping[object, str] = {
    int: "`u32`, `i64`, `be16` …",
    str: "`str = char(16)`",
    bytes: "`bytes = array(6)`",
    bool: "`u8`",
    float: "BPF has no floating point; use an integer type",
}


def annotated(cls: type, namespace: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, evaluated annotation and default of each field that `cls` itself declares.

    `namespace` is where the names in string annotations are looked up.
    """
    for name, annotation in cls.__annotations__.items():
        yield name, evaluated(cls, name, annotation, namespace, {}), cls.__dict__.get(name)


def evaluated(
    cls: type, name: str, annotation: Any, outer: dict[str, Any], inner: Mapping[str, Any]
) -> Any:
    """What the annotation of a field stands for, by the names around its class."""
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, outer, {**inner, cls.__name__: cls})
    except NameError as error:
        raise DeclarationError(f"{cls.__name__}.{name}: {error}") from None
