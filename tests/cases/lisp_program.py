"""Random Lisp programs over the bytes of a packet, as text.

`File(random)` is a file of some programs, which share maps and are run one after the other on the
packets of `packets`. What the numbers of the packet are is said by `first`, a program's bindings of
`a` to `f`: loads, or for a twin in which all is known, the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

LITERALS = (0, 1, 2, 3, 5, 7, 8, 31, 32, 63, 64, 100, 127, 128, 255, 256, 65535, 65536, 1 << 31,
            (1 << 31) - 1, (1 << 32) - 1, 1 << 32, (1 << 62) + 1, (1 << 63) - 1, 1 << 63,
            (1 << 63) + 7, (1 << 64) - 1, 0x0123456789ABCDEF, 0xDEADBEEFCAFEF00D, 0xC0A80180,
            -1, -2, -128, -129, -32768, -(1 << 31), -(1 << 31) - 1, -(1 << 63))  # fmt: skip
ARITHMETIC = ("+", "+", "-", "-", "*", "logand", "logior", "logxor", "bit-and", "bit-or", "bit-xor")
SHIFTS = ("<<", ">>", ">>>", "ash-left", "ash-right", "ash-right-signed")
COMPARISONS = ("=", "/=", "<", "<=", ">", ">=", "s<", "s<=", "s>", "s>=")
SWAPS = ("ntohs", "htons", "ntohl", "htonl", "ntohll", "htonll")
TYPES = ("u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64")
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i8": 1, "i16": 2, "i32": 4, "i64": 8}
CONSTANTS = ("+big+", "+low+", "+minus+", "xdp_tx", "xdp_pass")
LENGTH = 64
"""Bytes of a packet that programs look at."""
HEADER = """\
(in-package #:whistler)
(defstruct rec (tag u8) (port u16) (num u32) (sum u64)
  (bytes (array u8 4)) (words (array u32 4)) (wide (array u64 2)))
(defstruct pair (a u32) (b u64) (c u8))
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 16)
(defmap h8 :type :hash :key-size 8 :value-size 8 :max-entries 64)
(defmap h4 :type :hash :key-size 4 :value-size 4 :max-entries 4)
(defmap h2 :type :hash :key-size 2 :value-size 2 :max-entries 64)
(defmap h1 :type :hash :key-size 1 :value-size 1 :max-entries 64)
(defmap recs :type :hash :key-size 4 :value-type rec :max-entries 8)
(defmap slots :type :array :key-size 4 :value-type rec :max-entries 2)
(defmap pairs :type :hash :key-size 24 :value-size 8 :max-entries 8)
(defmap events :type :ringbuf :max-entries 65536)
(defconstant +big+ #xdeadbeefcafef00d)
(defconstant +low+ (* 16 17))
(defconstant +minus+ -3)
(defmacro twice (x) `(+ ,x ,x))
(defmacro clamp (x low &optional (high 1000))
  "Captures v on purpose."
  `(let ((v ,x)) (cond ((< v ,low) ,low) ((> v ,high) ,high) (t v))))
(defmacro swap! (one other)
  `(let ((tmp ,one)) (setf ,one ,other ,other tmp)))
(defmacro sum-of (&rest parts) `(+ 0 0 ,@parts))
(defmacro each-plus (n &rest parts)
  `(logxor 1 ,@(mapcar (lambda (part) `(+ ,part ,n)) parts)))
(defmacro with-two (((one other) first second) &body body)
  `(let* ((,one ,first) (,other ,second)) ,@body))
(defmacro field (p) `(rec-num ,p))
"""
FIELDS = ("tag", "port", "num", "sum")
ARRAYS = {"bytes": 4, "words": 4, "wide": 2}
SCALARS = {"h8": 8, "h4": 4, "h2": 2, "h1": 1}
NAMES = ("a", "b", "c", "x", "y", "z", "v", "tmp")


class File:
    """Some programs, and the numbers that they begin with."""

    def __init__(self, random: Random, programs: int = 4) -> None:
        self.programs = [Program(random, f"p{number}") for number in range(programs)]

    def text(self, numbers: list[int] | None = None) -> str:
        """The file's text; `numbers` takes the place of what the packet says."""
        return HEADER + "".join(program.text(numbers) for program in self.programs)


class Program:
    def __init__(self, random: Random, name: str, depth: int = 5) -> None:
        self.random = random
        self.name = name
        self.given = [random.choice(TYPES) for _ in range(6)]
        self.names = list("abcdef")
        self.counters: list[str] = []
        self.loops = 0
        self.left = 90
        """How many more forms there may be that hold others."""
        self.leads = {"r": "rec", "q": "rec", "k": "pair"}
        """Pointers in sight, by what they lead to."""
        self.frozen = 0
        """How many pointers into hashes are in sight, which then stay as they are."""
        self.lines = [self.statement(depth, 3) for _ in range(random.randint(2, 6))]
        self.result = self.expr(3)

    def text(self, numbers: list[int] | None) -> str:
        bindings = [
            f"({name} {kind} (load {kind} pkt {8 * at}))"
            if numbers is None
            else f"({name} {kind} {numbers[at] & ((1 << 8 * SIZES[kind]) - 1)})"
            for at, (name, kind) in enumerate(zip("abcdef", self.given, strict=True))
        ]
        ends = " ".join(f"(getmap out {at}) {name}" for at, name in enumerate("abcdef"))
        lines = "\n".join(f"      {line}" for line in self.lines)
        return f"""\
(defprog {self.name} (:type :xdp)
  (let ((pkt (ctx data)) (end (ctx data-end)))
    (when (> (+ pkt {LENGTH}) end) (return 9))
    (let* ({" ".join(bindings)}
           (r (make-rec)) (q (make-rec)) (k (make-pair)))
{lines}
      (setf {ends} (getmap out 6) (rec-sum r) (getmap out 7) (rec-words q 1))
      {self.result})))
"""

    # Choosing

    def chance(self, of: int) -> bool:
        return not self.random.randrange(of)

    def pick(self, choices: list[tuple[int, Callable[[], str]]]) -> str:
        weights = [weight for weight, _ in choices]
        return self.random.choices([make for _, make in choices], weights)[0]()

    def literal(self) -> str:
        number = self.random.choice(LITERALS)
        if self.chance(4):
            number = self.random.getrandbits(self.random.choice((4, 8, 16, 32, 64)))
        if number >= 0 and self.chance(4):
            return f"#x{number:x}"
        return str(number)

    def leaf(self) -> str:
        return self.pick([(3, self.literal), (6, self.variable), (1, self.constant)])

    def constant(self) -> str:
        return self.random.choice(CONSTANTS)

    def variable(self) -> str:
        return self.random.choice(self.names + self.counters)

    # Expressions

    def expr(self, depth: int) -> str:
        """A form whose value is a number."""
        self.left -= 1
        if depth <= 0 or self.left < 0:
            return self.leaf()
        return self.pick([
            (4, self.leaf),
            (6, lambda: self.arithmetic(depth - 1)),
            (2, lambda: self.divided(depth - 1)),
            (3, lambda: self.shifted(depth - 1)),
            (3, lambda: f"({self.random.choice(COMPARISONS)} {self.two(depth - 1)})"),
            (1, lambda: f"(not {self.expr(depth - 1)})"),
            (1, lambda: f"(- {self.expr(depth - 1)})"),
            (2, lambda: f"(cast {self.random.choice(TYPES)} {self.expr(depth - 1)})"),
            (3, lambda: f"({self.random.choice(SWAPS)} {self.expr(depth - 1)})"),
            (1, lambda: f"(log2 {self.expr(depth - 1)})"),
            (3, self.packet_load),
            (1, lambda: self.far_load(depth - 1)),
            (4, lambda: self.chosen(depth - 1, self.expr)),
            (2, lambda: f"({self.random.choice(('and', 'or'))} {self.several(depth - 1, 0, 3)})"),
            (3, lambda: self.bound(depth - 1, self.expr)),
            (3, lambda: self.field(depth - 1)),
            (3, lambda: self.map_value(depth - 1)),
            (2, lambda: self.changed(depth - 1)),
            (2, lambda: self.macro(depth - 1)),
            (1, lambda: self.on_stack(depth - 1)),
            (1, lambda: self.either(depth - 1, self.expr)),
        ])  # fmt: skip

    def two(self, depth: int) -> str:
        return f"{self.expr(depth)} {self.expr(depth)}"

    def several(self, depth: int, least: int, most: int) -> str:
        return " ".join(self.expr(depth) for _ in range(self.random.randint(least, most)))

    def arithmetic(self, depth: int) -> str:
        return f"({self.random.choice(ARITHMETIC)} {self.several(depth, 2, 3)})"

    def divided(self, depth: int) -> str:
        by = self.expr(depth)
        while by in ("0", "#x0"):
            by = self.leaf()
        return f"({self.random.choice(('/', 'mod'))} {self.expr(depth)} {by})"

    def shifted(self, depth: int) -> str:
        if self.chance(4):
            return f"(ash {self.expr(depth)} {self.random.randint(-63, 63)})"
        count = self.random.choice((str(self.random.randrange(64)), "?", "?"))
        if count == "?":
            count = f"(logand {self.expr(depth - 1)} {self.random.choice((31, 63, 127))})"
        return f"({self.random.choice(SHIFTS)} {self.expr(depth)} {count})"

    def packet_load(self) -> str:
        kind = self.random.choice(TYPES)
        at = self.random.randint(0, LENGTH - SIZES[kind])
        if self.chance(3) and at:
            near = self.random.randint(0, at)
            return f"(load {kind} (+ pkt {near}) {at - near})"
        return f"(load {kind} pkt {at})" if at or self.chance(2) else f"(load {kind} pkt)"

    def far_load(self, depth: int) -> str:
        """From where only running tells, after one more check."""
        kind = self.random.choice(TYPES)
        return (
            f"(let ((p (+ pkt (logand {self.expr(depth)} 63)))) "
            f"(if (> (+ p 8) end) {self.leaf()} (load {kind} p)))"
        )

    def chosen(self, depth: int, part: Callable[[int], str]) -> str:
        """A form that takes one of several ways."""
        return self.pick([
            (4, lambda: f"(if {self.test(depth)} {part(depth)} {part(depth)})"),
            (1, lambda: f"(if {self.test(depth)} {part(depth)})"),
            (2, lambda: f"(when {self.test(depth)} {part(depth)})"),
            (1, lambda: f"(unless {self.test(depth)} {part(depth)})"),
            (2, lambda: self.cond(depth, part)),
            (2, lambda: self.case(depth, part)),
            (2, lambda: self.found(depth, part)),
        ])  # fmt: skip

    def test(self, depth: int) -> str:
        if self.chance(2):
            return f"({self.random.choice(COMPARISONS)} {self.two(depth - 1)})"
        if self.chance(3):
            word = self.random.choice(("and", "or", "not"))
            parts = [self.test(depth - 1) for _ in range(1 if word == "not" else 2)]
            return f"({word} {' '.join(parts)})" if depth > 0 else self.leaf()
        return self.expr(depth - 1)

    def cond(self, depth: int, part: Callable[[int], str]) -> str:
        clauses = [
            f"({self.test(depth - 1)}{' ' + part(depth - 1) if not self.chance(5) else ''})"
            for _ in range(self.random.randint(1, 3))
        ]
        if self.chance(2):
            clauses.append(f"(t {part(depth - 1)})")
        return f"(cond {' '.join(clauses)})"

    def case(self, depth: int, part: Callable[[int], str]) -> str:
        clauses: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            keys = [self.random.choice((self.literal(), str(self.random.randrange(4)), "+low+"))
                    for _ in range(self.random.randint(1, 3))]  # fmt: skip
            key = keys[0] if self.chance(2) else f"({' '.join(keys)})"
            clauses.append(f"({key} {part(depth - 1)})")
        if self.chance(2):
            clauses.append(f"({self.random.choice(('t', 'otherwise'))} {part(depth - 1)})")
        key = self.expr(depth - 1)
        return f"(case {f'(logand {key} 3)' if self.chance(2) else key} {' '.join(clauses)})"

    def found(self, depth: int, part: Callable[[int], str]) -> str:
        """What is done with a number if it is not 0."""
        init, name = self.expr(depth - 1), self.random.choice(NAMES)
        inside = self.seeing(name, lambda: part(depth - 1))
        if self.chance(2):
            other = self.expr(depth - 1)
            return f"(when-let (({name} {init}) (w {other})) {inside})"
        kind = self.random.choice(("", "", "u64 "))
        otherwise = self.seeing(name, lambda: part(depth - 1))
        return f"(if-let ({name} {kind}{init}) {inside} {otherwise})"

    def seeing(self, name: str, make: Callable[[], str]) -> str:
        """A form in which one more variable is in sight."""
        self.names.append(name)
        made = make()
        self.names.pop()
        return made

    def bound(self, depth: int, part: Callable[[int], str]) -> str:
        count = self.random.randint(1, 2)
        chosen = self.random.sample(NAMES, count)
        word = self.random.choice(("let", "let*"))
        specs: list[str] = []
        declared = ""
        for at, name in enumerate(chosen):
            kind = self.random.choice(("", "", *TYPES))
            init = self.expr(depth)
            if self.chance(8) and kind:
                specs.append(f"({name} {kind})")
            elif kind and self.chance(3):
                specs.append(f"({name} {init})")
                declared += f" (type {kind} {name})"
            else:
                specs.append(f"({name} {kind} {init})" if kind else f"({name} {init})")
            if word == "let*" and at == 0:
                self.names.append(name)
        if word == "let*":
            self.names.pop()
        self.names += chosen
        body = " ".join(part(depth) for _ in range(self.random.randint(1, 2)))
        del self.names[-count:]
        declare = f"(declare{declared}) " if declared else ""
        return f"({word} ({' '.join(specs)}) {declare}{body})"

    def either(self, depth: int, part: Callable[[int], str]) -> str:
        """What leads to one struct or another."""
        one, other = (self.pointer("rec") for _ in range(2))
        which = self.random.choice(
            (
                f"(if {self.test(depth - 1)} {one} {other})",
                f"(cond ({self.test(depth - 1)} {one}) (t {other}))",
                f"(case {self.leaf()} ((0 1 2) {one}) (t {other}))",
                f"(or (getmap slots {self.random.randrange(3)}) {other})",
            )
        )
        name = self.random.choice(("g", "h"))
        before = self.leads.get(name)
        self.leads[name] = "rec"
        inside = part(depth - 1)
        del self.leads[name]
        if before:
            self.leads[name] = before
        return f"(let (({name} {which})) {inside})"

    def pointer(self, kind: str) -> str:
        return self.random.choice([name for name, to in self.leads.items() if to == kind])

    def place_in_struct(self, depth: int) -> str:
        """A field of a struct, to be read or set."""
        if self.chance(6):
            return f"(pair-{self.random.choice('abc')} {self.pointer('pair')})"
        p = self.pointer("rec")
        if self.chance(8):
            return f"(field {p})"
        if self.chance(2):
            return f"(rec-{self.random.choice(FIELDS)} {p})"
        name, count = self.random.choice(list(ARRAYS.items()))
        index = str(self.random.randrange(count))
        if self.chance(2):
            index = f"(logand {self.expr(depth - 1)} {count - 1})"
        return f"(rec-{name} {p} {index})"

    def field(self, depth: int) -> str:
        if self.chance(8):
            return f"(struct-ref rec {self.pointer('rec')} {self.random.choice(FIELDS)})"
        if self.chance(8):
            kind = self.random.choice(TYPES)
            at = self.random.randint(0, 16 - SIZES[kind])
            return f"(load {kind} (rec-words-ptr {self.pointer('rec')}) {at})"
        return self.place_in_struct(depth)

    def map_value(self, depth: int) -> str:
        name = self.random.choice(list(SCALARS))
        key = self.key(depth)
        return self.pick([
            (4, lambda: f"(getmap {name} {key})"),
            (1, lambda: f"(getmap out {self.random.randrange(20)})"),
            (1, lambda: f"(getmap pairs {self.pointer('pair')})"),
            (2, lambda: self.looked_up(name, key, depth)),
            (2, lambda: self.with_rec(depth, self.expr, value=True)),
        ])  # fmt: skip

    def key(self, depth: int) -> str:
        return self.random.choice((
            str(self.random.randrange(6)),
            f"(logand {self.expr(depth - 1)} 7)",
            self.variable(),
        ))  # fmt: skip

    def looked_up(self, name: str, key: str, depth: int) -> str:
        """A value by its address."""
        kind = f"u{8 * SCALARS[name]}"
        self.frozen += 1
        if self.chance(2) and SCALARS[name] > 2:
            more = f"(atomic-add p 0 {self.expr(depth - 1)} {kind})"
        else:
            more = f"(store {kind} p 0 {self.expr(depth - 1)})"
        self.frozen -= 1
        return self.random.choice((
            f"(when-let ((p (map-lookup {name} {key}))) {more} (load {kind} p))",
            f"(if-let (p (map-lookup {name} {key})) (load {kind} p 0) {self.leaf()})",
            f"(let ((p (map-lookup {name} {key}))) (if p (load {kind} p) {self.leaf()}))",
            f"(let ((p (map-lookup {name} {key}))) (if (= p 0) {self.leaf()} (load {kind} p)))",
        ))  # fmt: skip

    def with_rec(self, depth: int, part: Callable[[int], str], value: bool = False) -> str:
        """A struct of a map, if it is there."""
        map, name = self.random.choice(("recs", "slots")), self.random.choice(("m", "n"))
        key, before = self.key(depth), self.leads.get(name)
        self.leads[name] = "rec"
        self.frozen += 1
        inside = part(depth - 1)
        self.frozen -= 1
        del self.leads[name]
        if before:
            self.leads[name] = before
        otherwise = self.leaf()
        if not value or self.chance(2):
            return f"(when-let (({name} (getmap {map} {key}))) {inside})"
        return f"(if-let ({name} (getmap {map} {key})) {inside} {otherwise})"

    def changed(self, depth: int) -> str:
        """A form that changes something and has a value too."""
        return self.pick([
            (2, lambda: f"(setf {self.target(depth)} {self.expr(depth)})"),
            (1, lambda: f"({self.random.choice(('incf', 'decf'))} {self.target(depth)})"),
            (1, lambda: f"(incf {self.target(depth)} {self.expr(depth)})"),
            (1, lambda: f"(progn {self.statement(depth, 0)} {self.expr(depth)})"),
            (1, lambda: f"(if {self.test(depth)} {self.expr(depth)} (return {self.leaf()}))"),
            (1, lambda: self.updated(depth)),
        ])  # fmt: skip

    def target(self, depth: int) -> str:
        if self.chance(2):
            return self.random.choice(self.names)
        return self.place_in_struct(depth)

    def updated(self, depth: int) -> str:
        """What changes a map says whether it could."""
        if self.frozen:
            return self.leaf()
        name, key = self.random.choice(list(SCALARS)), self.key(depth)
        pair, rec = self.pointer("pair"), self.pointer("rec")
        flags = self.random.choice(("", "", " bpf_any", " bpf_noexist", " bpf_exist", " 1"))
        return self.pick([
            (2, lambda: f"(map-update {name} {key} {self.expr(depth)}{flags})"),
            (1, lambda: f"(setmap {name} {key} {self.expr(depth)}{flags})"),
            (1, lambda: f"(map-update out {self.random.randrange(20)} {self.expr(depth)}{flags})"),
            (1, lambda: f"(map-delete {name} {key})"),
            (1, lambda: f"({self.random.choice(('remmap', 'delmap'))} {name} {key})"),
            (1, lambda: f"(map-update-ptr pairs {pair} {rec}{flags})"),
            (1, lambda: f"(map-delete-ptr pairs {self.pointer('pair')})"),
            (1, lambda: f"(map-update recs {key} {self.pointer('rec')}{flags})"),
            (1, lambda: f"(map-delete recs {key})"),
        ])  # fmt: skip

    def macro(self, depth: int) -> str:
        return self.pick([
            (2, lambda: f"(twice {self.expr(depth)})"),
            (2, lambda: f"(clamp {self.expr(depth)} {self.leaf()})"),
            (1, lambda: f"(clamp {self.expr(depth)} {self.literal()} {self.leaf()})"),
            (1, lambda: f"(sum-of {self.several(depth, 0, 3)})"),
            (1, lambda: f"(each-plus {self.leaf()} {self.several(depth, 1, 3)})"),
            (1, lambda: self.with_two(depth)),
        ])  # fmt: skip

    def with_two(self, depth: int) -> str:
        first, second = self.expr(depth), self.expr(depth)
        self.names += ["x", "y"]
        inside = self.expr(depth)
        del self.names[-2:]
        return f"(with-two ((x y) {first} {second}) {inside})"

    def on_stack(self, depth: int) -> str:
        kind = self.random.choice(TYPES)
        return f"(let ((s {kind} {self.expr(depth)})) (load {kind} (stack-addr s)))"

    # Statements

    def statement(self, depth: int, loops: int) -> str:
        """A form whose value nobody asks for."""
        self.left -= 2
        if depth <= 0 or self.left < 0:
            return f"(setf {self.random.choice(self.names)} {self.leaf()})"

        def part(depth: int) -> str:
            return self.statement(depth, loops)

        return self.pick([
            (4, lambda: f"(setf {self.target(depth)} {self.expr(depth - 1)})"),
            (1, lambda: self.two_set(depth)),
            (2, lambda: self.by_steps(depth)),
            (2, lambda: self.stored(depth)),
            (2, lambda: self.map_statement(depth)),
            (3, lambda: self.chosen(depth - 1, part)),
            (2, lambda: self.bound(depth - 1, part)),
            (1, lambda: self.with_rec(depth - 1, part)),
            (1, lambda: self.either(depth - 1, part)),
            (2 * bool(loops), lambda: self.loop(depth, loops)),
            (1, lambda: self.sent(depth, part)),
            (1, lambda: self.expr(depth - 1)),
            (1, lambda: f"(when {self.test(depth - 1)} (return {self.expr(depth - 2)}))"),
            (1, lambda: f"(swap! {self.random.choice(self.names)} {self.target(depth - 1)})"),
        ])  # fmt: skip

    def sent(self, depth: int, part: Callable[[int], str]) -> str:
        """What makes a record."""
        name = self.random.choice(("ev", "ev2"))
        if self.chance(4) or name in self.leads:
            return f"(ringbuf-output events {self.pointer('rec')} (sizeof rec) 0)"
        self.leads[name] = "rec"
        inside = " ".join(part(depth - 1) for _ in range(self.random.randint(1, 2)))
        if self.chance(3):
            inside += f" (when {self.test(depth - 1)} (ringbuf-discard {name} 0) (return 5))"
        del self.leads[name]
        return f"(with-ringbuf ({name} events (sizeof rec)) (memset {name} 0 0 56) {inside})"

    def two_set(self, depth: int) -> str:
        pairs = [f"{self.target(depth - 1)} {self.expr(depth - 1)}" for _ in range(2)]
        return f"(setf {' '.join(pairs)} (getmap out {8 + self.random.randrange(8)}) {self.leaf()})"

    def by_steps(self, depth: int) -> str:
        step = self.random.choice(("", f" {self.expr(depth - 1)}"))
        return f"({self.random.choice(('incf', 'decf'))} {self.target(depth)}{step})"

    def stored(self, depth: int) -> str:
        kind = self.random.choice(TYPES)
        new = self.expr(depth - 1)
        at = self.random.randint(0, LENGTH - SIZES[kind])
        p = self.pointer("rec")
        return self.pick([
            (2, lambda: f"(store {kind} pkt {at} {new})"),
            (1, lambda: self.through_address(kind, new)),
            (1, lambda: f"(set-rec-{self.random.choice(FIELDS)}! {p} {new})"),
            (1, lambda: f"(struct-set rec {p} {self.random.choice(FIELDS)} {new})"),
            (1, lambda: f"(store {kind} (rec-words-ptr {p}) {at % (17 - SIZES[kind])} {new})"),
            (1, lambda: self.filled(p, new)),
            (1, lambda: self.copied(p)),
        ])  # fmt: skip

    def through_address(self, kind: str, new: str) -> str:
        place = f"(stack-addr {self.random.choice(self.names)})"
        return f"(store {kind} {place} {self.random.randint(0, 8 - SIZES[kind])} {new})"

    def filled(self, p: str, new: str) -> str:
        size = self.random.choice((1, 2, 3, 4, 7, 8, 13, 16, 24))
        at = self.random.randint(0, 56 - size)
        if self.chance(3):
            p, at = self.inside(p, at)
        return f"(memset {p} {at} {self.random.choice((new, '0', '#xff'))} {size})"

    def inside(self, p: str, at: int) -> tuple[str, int]:
        """A place in a struct, by a pointer to some other byte of it."""
        near = self.random.randint(0, at)
        return (f"(+ {p} {near})" if near else p), at - near

    def copied(self, p: str) -> str:
        size = self.random.choice((1, 2, 3, 4, 7, 8, 13, 16, 24))
        to, start = (self.random.randint(0, 56 - size) for _ in range(2))
        if self.chance(3):
            before = p
            p, to = self.inside(p, to)
            if self.chance(2):
                return f"(memcpy {p} {to} pkt {start} {size})"
            other = self.random.choice([name for name in ("r", "q") if name != before])
            other, start = self.inside(other, start)
            return f"(memcpy {p} {to} {other} {start} {size})"
        if self.chance(2):
            return f"(memcpy {p} {to} pkt {start} {size})"
        other = self.random.choice([name for name in ("r", "q") if name != p])
        return f"(memcpy {p} {to} {other} {start} {size})"

    def map_statement(self, depth: int) -> str:
        if self.frozen:
            return self.updated(depth) if self.chance(2) else self.by_steps(depth)
        name, key, new = self.random.choice(list(SCALARS)), self.key(depth), self.expr(depth - 1)
        return self.pick([
            (3, lambda: f"(setf (getmap {name} {key}) {new})"),
            (2, lambda: f"(incf (getmap {name} {key}) {new})"),
            (1, lambda: f"(incf (getmap {name} {key}))"),
            (1, lambda: f"(incf-map {name} {key} {new})"),
            (1, lambda: f"(decf (getmap {name} {key}) {new})"),
            (1, lambda: f"(setf (getmap pairs {self.pointer('pair')}) {new})"),
            (1, lambda: f"(incf (getmap pairs {self.pointer('pair')}))"),
            (1, lambda: f"(setf (getmap recs {key}) {self.pointer('rec')})"),
            (1, lambda: f"(setf (getmap slots {self.random.randrange(3)}) {self.pointer('rec')})"),
            (1, lambda: f"(incf (getmap out {8 + self.random.randrange(9)}) {new})"),
            (1, lambda: self.updated(depth)),
        ])  # fmt: skip

    def loop(self, depth: int, loops: int) -> str:
        self.loops += 1
        counter = f"i{self.loops}"
        self.counters.append(counter)
        body = " ".join(
            self.statement(depth - 2, loops - 2) for _ in range(self.random.randint(1, 2))
        )
        self.counters.remove(counter)
        return f"(dotimes ({counter} {self.random.choice((0, 1, 2, 3, 4))}) {body})"


def packets(random: Random, count: int) -> list[bytes]:
    """Packets of numbers, interesting and not; some are too short for the programs."""
    made: list[bytes] = []
    for _ in range(count):
        numbers = numbers_of(random)
        data = b"".join(number.to_bytes(8, "little") for number in numbers)
        made.append(data[: random.randrange(14, LENGTH)] if not random.randrange(12) else data)
    return made


def numbers_of(random: Random) -> list[int]:
    """A packet's numbers, unsigned and of 64 bits."""
    return [
        (random.choice(LITERALS) if random.randrange(3) else random.getrandbits(64)) & (1 << 64) - 1
        for _ in range(LENGTH // 8)
    ]
