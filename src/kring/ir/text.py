"""Functions as text, and text as functions.

    fn on_exec(v0: ptr.ctx) "exec.py" {
    b0:
      v1: ptr.map = map "events"
      v2: i64 = const 24
      v3: i64 = const 0
      v4: ptr.record? = call "ringbuf_reserve" v1 v2 v3 @29:10-26
      br v4 b1 b2
    b1:
      v5: i64 = load v0 [+8 u32] @30:17-24
      store v4 [+0 u16] v5 @30:9-24
      jump b2
    b2:
      ret v3
    }

Printing numbers blocks and values in layout order, so equal functions print equally. A span is
`@line:column-column` or `@line:column-line:column`, with its file in front unless it is the
function's. `#` starts a comment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kring.abi.isa import Insn
from kring.ir.core import (
    ROWS,
    Block,
    Core,
    Edge,
    Fn,
    GlobalRef,
    Imms,
    Kfunc,
    Mem,
    Op,
    Span,
    Value,
)

Name = Callable[[Value], str]

ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"))


def print_fn(fn: Fn) -> str:
    """The function, and the functions it calls, as text which `parse_fn` reads back."""
    return "\n".join(_print_one(one) for one in (fn, *fn.callees.values()))


def _print_one(fn: Fn) -> str:
    file = next((v.span.file for v in _all(fn) if v.span is not None), "")
    numbers = {value: f"v{i}" for i, value in enumerate(v for v in _all(fn) if v.op not in _ENDS)}
    blocks = {block: f"b{i}" for i, block in enumerate(fn.blocks)}

    def name(value: Value) -> str:
        return numbers.get(value) or f"<{value} of no block>"

    lines: list[str] = []
    for block in fn.blocks:
        params = ", ".join(_declare(param, name(param), file) for param in block.params)
        if not lines:
            lines.append(f"fn {fn.name}({params}){' ' + _quote(file) if file else ''} {{")
            params = ""
        lines.append(f"{blocks[block]}({params}):" if params else f"{blocks[block]}:")
        lines += [f"  {print_value(value, name, file)}" for value in block.body]
        if block.end is not None:
            lines.append(f"  {_print_end(block.end, block.edges, name, blocks, file)}")
    return "\n".join([*lines, "}", ""])


def print_value(value: Value, name: Name = str, file: str = "") -> str:
    """One value as it stands in a function's text."""
    row = ROWS[value.op]
    words = [value.op.value]
    operands = [name(arg) for arg in value.args]
    imm = _print_imm(value, row.imm)
    if row.imm in (Imms.BITS, Imms.NAME, Imms.GLOBAL, Imms.INT, Imms.KFUNC):
        words += [imm, *operands]
    else:
        words += [*operands[:1], *([imm] if imm else []), *operands[1:]]
    if row.result:
        words.insert(0, f"{name(value)}: {value.type} =")
    if value.span is not None:
        words.append(_print_span(value.span, file))
    return " ".join(words)


_ENDS = frozenset(op for op, row in ROWS.items() if not row.result)


def _all(fn: Fn) -> Iterable[Value]:
    for block in fn.blocks:
        yield from block.params
        yield from block.body
        if block.end is not None:
            yield block.end


def _declare(param: Value, name: str, file: str) -> str:
    span = "" if param.span is None else " " + _print_span(param.span, file)
    return f"{name}: {param.type}{span}"


def _print_end(
    end: Value, edges: list[Edge], name: Name, blocks: dict[Block, str], file: str
) -> str:
    words = [end.op.value, *map(name, end.args)]
    for edge in edges:
        args = ", ".join(map(name, edge.args))
        target = blocks.get(edge.block) or f"<{edge.block} of no function>"
        words.append(f"{target}({args})" if args else target)
    if end.span is not None:
        words.append(_print_span(end.span, file))
    return " ".join(words)


def _print_imm(value: Value, kind: Imms) -> str:
    match value.imm:
        case Mem(offset, size, signed, core):
            where = f"{offset:+d}" if core is None else _print_path(core)
            how = str(size) if value.op is Op.ZERO else f"{'i' if signed else 'u'}{size * 8}"
            return f"[{where} {how}]"
        case Core() as core:
            return f"[{_print_path(core)} {core.kind}]"
        case GlobalRef(map, offset):
            return f"{_quote(map)}{f' {offset:+d}' if offset else ''}"
        case Kfunc(function, args, result):
            return f"{_quote(function)} ({' '.join(args)}) {result}"
        case Insn(op, dst, src, offset, number):
            return f"{_quote(op.name)} {dst} {src} {offset} {number}"
        case str() as text:
            return _quote(text)
        case None:
            return "<no immediate>" if kind is not Imms.NONE else ""
        case int() as number:
            return str(number)


def _print_path(core: Core) -> str:
    return ".".join((core.struct, *core.path))


def _print_span(span: Span, file: str) -> str:
    where = "" if span.file == file else _quote(span.file) + ":"
    end = "" if span.end_line == span.line else f"{span.end_line}:"
    return f"@{where}{span.line}:{span.column}-{end}{span.end_column}"


def _quote(text: str) -> str:
    for plain, escaped in ESCAPES:
        text = text.replace(plain, escaped)
    return f'"{text}"'


def parse_fn(text: str) -> Fn:
    """The function that the text shows, with those that follow it as its callees; numbers of
    values and blocks are kept.

    Raises: AsmError if the text is not a function.
    """
    from kring.ir.parse import parse

    return parse(text)
