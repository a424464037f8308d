"""Records as a file of Common Lisp: structures, and functions between these and octets.

What a file needs to read and write numbers and texts stands in it, above the structures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kring.obj.gen.layout import Unit, whole
from kring.obj.gen.records import (
    Field,
    Kind,
    Number,
    Raw,
    Record,
    Records,
    Row,
    Text,
    note_of,
    size_of,
)
from kring.obj.gen.words import free_name, renamed
from kring.record import record as _record
from kring.spelling import article, c_name

_CONSTANTS: Final = frozenset(("nil", "pi", "t"))
"""Names of fields that a function could not have as a parameter's."""


def declare(records: Records, name: str, source: str) -> str:
    """The text of a file that declares what `source` has, as the package `name-types`."""
    taken: set[str] = set()
    numbers = [*records.constants.items(), *(one for enum in records.enums for one in enum.values)]
    constants = [
        f"(defconstant {renamed(f'+{_name(name)}+', taken)} {value})" for name, value in numbers
    ]
    structs = {
        record.name: _struct(record, taken) for record in records.records if not record.is_union
    }
    body: list[str] = [*_separated(constants)]
    for record in records.records:
        if not record.is_union:
            body += ["", *_declared(structs[record.name], structs, records.uses)]
    exported = re.findall(r"^\(defconstant (\S+)", "\n".join(constants), flags=re.M)
    exported += [one for struct in structs.values() for one in struct.offered()]
    package = f"{_name(c_name(name))}-types"
    lines = [
        f";;;; Structs that {source} keeps in its maps; made by `kring build --gen lisp`.",
        "",
        f"(defpackage #:{package}",
        "  (:use #:cl)",
        "\n   #:".join(["  (:export", *exported]) + "))",
        "",
        f"(in-package #:{package})",
        *_support(body),
    ]
    return "\n".join([*lines, *body, ""])


def _separated(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []


@_record
class _Slot:
    """A field as a structure has it: its slot's name, and the integer that it is a bit field of."""

    name: str
    field: Field
    unit: Unit | None = None


@_record
class _Struct:
    """A struct with the name that its functions are called by."""

    name: str
    record: Record
    slots: tuple[_Slot, ...]

    def offered(self) -> list[str]:
        """The names that it is used by."""
        own = f"{self.name}-record"
        names = [f"+{self.name}-size+", own, f"make-{own}"]
        names += [f"{own}-{slot.name}" for slot in self.slots]
        return [*names, f"decode-{self.name}", f"encode-{self.name}"]


def _struct(record: Record, taken: set[str]) -> _Struct:
    """The struct with names that no other one has."""
    slots, name = tuple(_slots(record)), _name(record.name)
    made = _Struct(name, record, slots)
    while taken.intersection(made.offered()):
        name += "_"
        made = _Struct(name, record, slots)
    taken.update(made.offered())
    return made


def _slots(record: Record) -> Iterator[_Slot]:
    taken: set[str] = set()
    for part in whole(record):
        if isinstance(part, Field):
            name = _name(part.name) if part.name else free_name("anon", taken)
            yield _Slot(renamed(name, taken) if part.name else name, part)
        elif isinstance(part, Unit):
            for field in part.fields:
                if field.name:
                    yield _Slot(renamed(_name(field.name), taken), field, part)


def _name(name: str) -> str:
    """The name as Lisp has it: `conn_event` is conn-event."""
    plain = c_name(name).lower()
    inside = plain.strip("_")
    made = plain.replace(inside, inside.replace("_", "-"), 1) if inside else plain
    return f"{made}_" if made in _CONSTANTS else made


def _declared(
    struct: _Struct, structs: dict[str, _Struct], uses: dict[str, list[str]]
) -> Iterator[str]:
    """The structure and its functions."""
    name, size = struct.name, struct.record.size
    what = ", ".join(uses.get(struct.record.name, [])) or "a part of others"
    yield f"(defconstant +{name}-size+ {size})"
    yield ""
    yield f"(defstruct ({name}-record (:copier nil) (:predicate nil))"
    slots = [_slot(slot, structs) for slot in struct.slots]
    yield f'  "{what[:1].upper()}{what[1:]}."' + ("" if slots else ")")
    yield from _closed([text for text, _ in slots], [note for _, note in slots], ")")
    yield ""
    yield f"(defun decode-{name} (octets &optional (start 0))"
    yield f'  "The {name}-record in OCTETS from START on."'
    yield f"  (%check octets start {size})"
    reads = [f" :{slot.name} {_read(slot, structs)}" for slot in struct.slots]
    yield f"  (make-{name}-record" + ("" if reads else "))")
    yield from _closed([f"  {read}" for read in reads], [], "))")
    yield ""
    yield f"(defun %encode-{name} (octets start record)"
    writes = [_write(slot, f"({name}-record-{slot.name} record)", structs) for slot in struct.slots]
    if not writes:
        yield "  (declare (ignore start record))"
    yield from (f"  {write}" for write in writes)
    yield "  octets)"
    yield ""
    yield f"(defun encode-{name} (record)"
    yield f'  "RECORD, {article(name)}-record, as octets."'
    yield f"  (%encode-{name} (%octets {size}) 0 record))"


def _closed(lines: list[str], notes: list[str], end: str) -> Iterator[str]:
    """Lines with their notes behind them, the last with what ends the form."""
    for number, line in enumerate(lines):
        text = line + (end if number == len(lines) - 1 else "")
        yield f"{text}  ; {notes[number]}" if notes and notes[number] else text


def _slot(slot: _Slot, structs: dict[str, _Struct]) -> tuple[str, str]:
    """A slot with its first value and its type, and what else is known of it."""
    kind = slot.field.kind
    if slot.field.width and isinstance(kind, Number):
        kind_text = f"({_sign(kind)}signed-byte {slot.field.width})"
        return f"  ({slot.name} 0 :type {kind_text})", note_of(kind, "")
    first, kind_text = _first(kind, structs)
    return f"  ({slot.name} {first} :type {kind_text})", note_of(kind, "")


def _sign(kind: Number) -> str:
    return "" if kind.signed else "un"


def _first(kind: Kind, structs: dict[str, _Struct]) -> tuple[str, str]:
    """What memory of zeros decodes to, and its type."""
    match kind:
        case Number(size=size):
            return "0", f"({_sign(kind)}signed-byte {size * 8})"
        case Text():
            return '""', "string"
        case Record(is_union=False):
            own = f"{structs[kind.name].name}-record"
            return f"(make-{own})", own
        case Row(element=Number(), count=count) if not _is_octets(kind):
            return f"(make-array {count} :initial-element 0)", "vector"
        case Row(element=element, count=count) if not _is_octets(kind):
            one, _ = _first(element, structs)
            return f"(coerce (loop repeat {count} collect {one}) 'vector)", "vector"
        case _:
            return f"(%octets {size_of(kind)})", "vector"


def _is_octets(kind: Kind) -> bool:
    """Whether it is a vector of octets to Lisp."""
    match kind:
        case Row(element=Number(size=1, signed=False)) | Raw() | Record(is_union=True):
            return True
        case _:
            return False


def _read(slot: _Slot, structs: dict[str, _Struct]) -> str:
    """The form for a field's value in OCTETS from START on."""
    field, unit = slot.field, slot.unit
    if unit is None:
        return _read_at(field.kind, _at(field.bit // 8), structs)
    number = f"(%number octets {_at(unit.offset)} {unit.size})"
    value = f"(ldb (byte {field.width} {field.bit - unit.offset * 8}) {number})"
    signed = isinstance(field.kind, Number) and field.kind.signed
    return f"(%signed {value} {field.width})" if signed else value


def _read_at(kind: Kind, at: str, structs: dict[str, _Struct]) -> str:
    match kind:
        case Number(size=size, signed=signed, big=big):
            value = f"(%number octets {at} {size}{' t' * big})"
            return f"(%signed {value} {size * 8})" if signed else value
        case Text(size=size):
            return f"(%text octets {at} {size})"
        case Record(is_union=False):
            return f"(decode-{structs[kind.name].name} octets {at})"
        case Row(element=element, count=count) if not _is_octets(kind):
            each = _read_at(element, "at", structs)
            return f"(%row {at} {count} {size_of(element)} (lambda (at) {each}))"
        case _:
            return f"(%cut octets {at} {size_of(kind)})"


def _write(slot: _Slot, value: str, structs: dict[str, _Struct]) -> str:
    """The form that puts a value where the field is."""
    field, unit = slot.field, slot.unit
    if unit is None:
        return _write_at(field.kind, _at(field.bit // 8), value, structs)
    at, shift = _at(unit.offset), field.bit - unit.offset * 8
    return f"(%put-bits octets {at} {unit.size} {field.width} {shift} {value})"


def _write_at(kind: Kind, at: str, value: str, structs: dict[str, _Struct]) -> str:
    match kind:
        case Number(size=size, big=big):
            return f"(%put octets {at} {size} {value}{' t' * big})"
        case Text(size=size):
            return f"(%put-text octets {at} {size} {value})"
        case Record(is_union=False):
            return f"(%encode-{structs[kind.name].name} octets {at} {value})"
        case Row(element=element, count=count) if not _is_octets(kind):
            each = _write_at(element, "at", "one", structs)
            return f"(%put-row {at} {count} {size_of(element)} {value} (lambda (at one) {each}))"
        case _:
            return f"(%put-octets octets {at} {size_of(kind)} {value})"


def _at(offset: int) -> str:
    return f"(+ start {offset})" if offset else "start"


_SUPPORT: Final = {
    "%octets": """
(defun %octets (size)
  (make-array size :element-type '(unsigned-byte 8) :initial-element 0))
""",
    "%check": """
(defun %check (octets start size)
  (unless (<= 0 start (+ start size) (length octets))
    (error "~D octets from ~D on, and a record has ~D" (length octets) start size)))
""",
    "%number": """
(defun %number (octets at size &optional big)
  "The number that SIZE octets from AT on are, the lowest first, or of a BIG one the highest."
  (let ((sum 0))
    (dotimes (i size sum)
      (setf sum (logior (ash sum 8) (aref octets (+ at (if big i (- size i 1)))))))))
""",
    "%signed": """
(defun %signed (number bits)
  (if (logbitp (1- bits) number) (- number (ash 1 bits)) number))
""",
    "%put": """
(defun %put (octets at size number &optional big)
  (dotimes (i size)
    (setf (aref octets (+ at (if big (- size i 1) i))) (ldb (byte 8 (* 8 i)) number))))
""",
    "%put-bits": """
(defun %put-bits (octets at size width shift number)
  (%put octets at size (dpb number (byte width shift) (%number octets at size))))
""",
    "%text": """
(defun %character (octets at end)
  "The character of UTF-8 at AT, and the octets that it takes; U+FFFD for what is none."
  (let* ((lead (aref octets at))
         (more (cond ((< lead #x80) 0) ((<= #xc2 lead #xdf) 1)
                     ((<= #xe0 lead #xef) 2) ((<= #xf0 lead #xf4) 3)))
         (code (if more (ldb (byte (if (zerop more) 7 (- 6 more)) 0) lead) #xfffd)))
    (unless (and more (< (+ at more) end)
                 (loop for i from (1+ at) to (+ at more)
                       always (= (ldb (byte 2 6) (aref octets i)) 2)
                       do (setf code (logior (ash code 6) (ldb (byte 6 0) (aref octets i)))))
                 (>= code (aref #(0 #x80 #x800 #x10000) more))
                 (not (<= #xd800 code #xdfff))
                 (< code char-code-limit))
      (setf code #xfffd more 0))
    (values (code-char code) (1+ more))))

(defun %text (octets at size)
  "The characters up to a NUL in SIZE octets from AT on."
  (let ((end (or (position 0 octets :start at :end (+ at size)) (+ at size))))
    (with-output-to-string (text)
      (loop while (< at end)
            do (multiple-value-bind (character taken) (%character octets at end)
                 (write-char character text)
                 (incf at taken))))))
""",
    "%put-text": """
(defun %put-text (octets at size text)
  "As many whole characters of TEXT, as UTF-8, as leave room for a NUL in SIZE octets."
  (loop with end = (+ at size -1)
        for code across (map 'vector #'char-code text)
        for more = (cond ((< code #x80) 0) ((< code #x800) 1) ((< code #x10000) 2) (t 3))
        while (<= (+ at more 1) end)
        do (setf (aref octets at)
                 (logior (aref #(0 #xc0 #xe0 #xf0) more) (ash code (* -6 more))))
           (loop for i from 1 to more
                 do (setf (aref octets (+ at i))
                          (logior #x80 (ldb (byte 6 (* 6 (- more i))) code))))
           (incf at (1+ more))))
""",
    "%cut": """
(defun %cut (octets at size)
  (subseq octets at (+ at size)))
""",
    "%put-octets": """
(defun %put-octets (octets at size value)
  (unless (<= (length value) size)
    (error "~D octets do not fit in ~D" (length value) size))
  (replace octets value :start1 at))
""",
    "%row": """
(defun %row (at count step read)
  (let ((row (make-array count)))
    (dotimes (i count row)
      (setf (aref row i) (funcall read (+ at (* i step)))))))
""",
    "%put-row": """
(defun %put-row (at count step row write)
  (unless (<= (length row) count)
    (error "~D elements do not fit in ~D" (length row) count))
  (dotimes (i (length row))
    (funcall write (+ at (* i step)) (elt row i))))
""",
}
"""The functions that structures may need, by the names that these call them by."""


def _support(body: list[str]) -> Iterator[str]:
    """Those of them that are called."""
    text = "\n".join(body)
    for name in reversed(_SUPPORT):
        if f"({name} " in text:
            text += _SUPPORT[name]
    for name, lines in _SUPPORT.items():
        if f"({name} " in text:
            yield lines.rstrip("\n")
