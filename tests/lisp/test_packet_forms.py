"""Forms on packets in Lisp: what they read of real packets, on the kernel and in the VM."""

from __future__ import annotations

import struct

import pytest

from kring import Kernel, Vm, load
from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.lisp.toplevel import programs_of
from kring.obj.object import Object

ENGINES = [
    pytest.param(Kernel(), id="kernel", marks=pytest.mark.kernel), pytest.param(Vm(), id="vm"),
]  # fmt: skip
PASS, DROP = 2, 1


def built(text: str) -> Object:
    return compile_all(programs_of(text, "test.lisp"))[0]


def packet(proto: int = 6, flags: int = 2, size: int = 60, ethertype: int = 0x800) -> bytes:
    eth = bytes(range(1, 13)) + struct.pack(">H", ethertype)
    ip = struct.pack(">BBHHHBBH", 0x45, 7, 40, 0x1234, 0x4000, 64, proto, 0xABCD)
    ip += bytes([10, 0, 0, 1, 10, 0, 0, 2])
    tcp = struct.pack(">HHIIBBHHH", 1234, 443, 0xDEADBEEF, 0xCAFE, 0x50, flags, 512, 0x1122, 9)
    return (eth + ip + tcp + bytes(range(200)))[:size]


def ipv6() -> bytes:
    ip = struct.pack(">IHBB", 0x6ABCDEF0, 20, 58, 63) + bytes(range(32))
    return bytes(range(1, 13)) + struct.pack(">H", 0x86DD) + ip + struct.pack(">BBHI", 128, 1, 2, 3)


def native(data: bytes) -> int:
    return int.from_bytes(data, "little")


TCP, IPV6 = packet(), ipv6()
FIELDS = {
    "(eth-dst-mac-hi d)": native(bytes([1, 2, 3, 4])),
    "(eth-dst-mac-lo d)": native(bytes([5, 6])),
    "(eth-src-mac-hi d)": native(bytes([7, 8, 9, 10])),
    "(eth-src-mac-lo d)": native(bytes([11, 12])),
    "(eth-type d)": 0x800,
    "(ipv4-ver-ihl ip)": 0x45,
    "(ipv4-tos ip)": 7,
    "(ipv4-total-len ip)": 40,
    "(ipv4-id ip)": 0x1234,
    "(ipv4-frag-off ip)": 0x4000,
    "(ipv4-ttl ip)": 64,
    "(ipv4-protocol ip)": 6,
    "(ipv4-checksum ip)": native(b"\xab\xcd"),
    "(ipv4-src-addr ip)": native(b"\x0a\0\0\1"),
    "(ipv4-dst-addr ip)": native(b"\x0a\0\0\2"),
    "(tcp-src-port tcp)": 1234,
    "(tcp-dst-port tcp)": 443,
    "(tcp-seq tcp)": 0xDEADBEEF,
    "(tcp-ack-seq tcp)": 0xCAFE,
    "(tcp-data-off tcp)": 0x50,
    "(tcp-flags tcp)": 2,
    "(tcp-window tcp)": 512,
    "(tcp-checksum tcp)": native(b"\x11\x22"),
    "(tcp-urgent tcp)": 9,
    "(udp-src-port tcp)": 1234,
    "(udp-dst-port tcp)": 443,
    "(udp-length tcp)": 0xDEAD,
    "(udp-checksum tcp)": native(b"\xbe\xef"),
    "(icmp-type tcp)": 1234 >> 8,
    "(icmp-code tcp)": 1234 & 255,
    "(icmp-checksum tcp)": native(struct.pack(">H", 443)),
    "(icmp-rest tcp)": native(b"\xde\xad\xbe\xef"),
    "(own-word tcp)": 0xDEADBEEF,
    "(own-raw tcp)": native(b"\xde\xad\xbe\xef"),
    "(own-long tcp)": 0x04D201BBDEADBEEF,
}
OF_IPV6 = {
    "(ipv6-ver-tc-flow ip)": 0x6ABCDEF0,
    "(ipv6-payload-len ip)": 20,
    "(ipv6-nexthdr ip)": 58,
    "(ipv6-hop-limit ip)": 63,
    "(ipv6-src-addr-hi ip)": native(bytes(range(8))),
    "(ipv6-src-addr-lo ip)": native(bytes(range(8, 16))),
    "(ipv6-dst-addr-hi ip)": native(bytes(range(16, 24))),
    "(ipv6-dst-addr-lo ip)": native(bytes(range(24, 32))),
}


@pytest.mark.parametrize("on", ENGINES)
def test_fields_of_headers_are_read_as_the_manual_lists_them(on: Kernel | Vm) -> None:
    forms = [*FIELDS, *OF_IPV6]
    stores = "\n".join(f"(setf (getmap out {at}) {form})" for at, form in enumerate(forms))
    program = built(f"""
        (defmap out :type :array :key-size 4 :value-size 8 :max-entries {len(forms)})
        (defheader own (word :offset 4 :type u32 :net-order t) (raw :offset 4 :type u32)
                       (long :offset 0 :type u64 :net-order t))
        (defprog p (:type :xdp)
          (with-packet (d e :min-len 54)
            (let ((ip (+ d +eth-hdr-len+)) (tcp (+ d (+ +eth-hdr-len+ +ipv4-hdr-len+))))
              {stores}
              XDP_DROP)))""")
    with load(program, on=on, attach=False) as s:
        assert s.programs["p"].run(TCP).value == DROP
        found = {form: s.maps["out"][at] for at, form in enumerate(FIELDS)}
        assert found == FIELDS
        assert s.programs["p"].run(IPV6).value == DROP
        base = len(FIELDS)
        assert {form: s.maps["out"][base + at] for at, form in enumerate(OF_IPV6)} == OF_IPV6


WITH = {
    "(with-packet (d e) 7)": {14: 7, 60: 7},
    "(with-packet (d e) (if (> (+ d 20) e) 8 (load u8 d 17)))": {14: 8, 20: 40},
    "(with-packet (d e :min-len 38) 7)": {37: PASS, 38: 7},
    "(with-eth (d e) (logand (eth-type d) 15))": {14: 0},
    "(with-ipv4 (d e ip) (ipv4-protocol ip))": {33: PASS, 34: 6},
    "(with-tcp (d e tcp) (tcp-flags tcp))": {53: PASS, 54: 2},
    "(with-udp (d e udp) (udp-length udp))": {41: PASS, 42: 0},
    "(progn (with-udp (d e udp) (return 9)) 8)": {41: PASS, 42: 8},
    "(if-let (eth (parse-eth (ctx data) (ctx data-end))) (load u8 eth 0) 9)": {14: 1},
    "(if-let (ip (parse-ipv4 (ctx data) (ctx data-end))) (ipv4-ttl ip) 9)": {33: 9, 34: 64},
    "(if-let (t1 (parse-tcp (ctx data) (ctx data-end))) (tcp-flags t1) 9)": {53: 9, 54: 2},
    "(if (parse-udp (ctx data) (ctx data-end)) 7 9)": {42: 9},
    "(not (parse-tcp (ctx data) (ctx data-end)))": {53: 1, 54: 0},
}


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("form", WITH)
def test_a_header_is_found_where_the_packet_has_it(on: Kernel | Vm, form: str) -> None:
    with load(built(f"(defprog p (:type :xdp) {form})"), on=on, attach=False) as s:
        for size, value in WITH[form].items():
            assert s.programs["p"].run(packet(size=size)).value == value, size


@pytest.mark.parametrize("on", ENGINES)
def test_another_protocol_skips_the_body(on: Kernel | Vm) -> None:
    text = "(defprog p (:type :xdp) (with-{0} (d e h) (return 9)) 8)"
    for protocol, match, other in (
        ("ipv4", {}, {"ethertype": 0x86DD}),
        ("tcp", {}, {"proto": 17}),
        ("udp", {"proto": 17}, {"proto": 6}),
        ("tcp", {}, {"ethertype": 0x86DD}),
    ):
        with load(built(text.format(protocol)), on=on, attach=False) as s:
            assert s.programs["p"].run(packet(**match)).value == 9
            assert s.programs["p"].run(packet(**other)).value == 8


@pytest.mark.parametrize("on", ENGINES)
def test_the_twins_for_tc_leave_with_its_verdict(on: Kernel | Vm) -> None:
    text = "(defprog p (:type :tc) (with-tc-tcp (d e tcp) (return (tcp-dst-port tcp))) 8)"
    with load(built(text), on=on, attach=False) as s:
        run = s.programs["p"].run
        assert [run(packet()).value, run(packet(proto=17)).value] == [443, 8]
        assert run(packet(size=40)).value == 0


def test_a_struct_of_the_file_may_have_the_names_of_a_header() -> None:
    program = built("""
        (defstruct tcp (flags u8) (seq u32))
        (defprog p (:type :xdp)
          (let ((mine (make-tcp))) (setf (tcp-seq mine) 5) (tcp-seq mine)))""")
    with load(program, on=Vm(), attach=False) as s:
        assert s.programs["p"].run(packet()).value == 5


LOGGER = """
    (defmap events :type :ringbuf :max-entries 4096)
    (defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 16)
    (defstruct conn-event (src-addr u32) (dst-addr u32) (dst-port u16) (proto u8) (flags u8))
    (defprog log-syn (:type :xdp)
      (with-packet (data data-end :min-len 38)
        (when (= (eth-type data) +ethertype-ipv4+)
          (let* ((ip (+ data +eth-hdr-len+))
                 (proto (ipv4-protocol ip))
                 (tcp (+ data (+ +eth-hdr-len+ +ipv4-hdr-len+))))
            {0}
            (when (= proto +ip-proto-tcp+)
              (when (= (logand (tcp-flags tcp) (logior +tcp-syn+ +tcp-ack+)) +tcp-syn+)
                (with-ringbuf (ev events (sizeof conn-event))
                  (setf (conn-event-src-addr ev) (ipv4-src-addr ip)
                        (conn-event-dst-addr ev) (ipv4-dst-addr ip)
                        (conn-event-dst-port ev) (tcp-dst-port tcp)
                        (conn-event-proto ev) proto
                        (conn-event-flags ev) (tcp-flags tcp))))))))
      XDP_PASS)"""
CHECKS = {
    "in a form of its own": """
        (when (= proto +ip-proto-tcp+)
          (when (> (+ data 54) data-end) (return XDP_PASS)))""",
    "with and": "(when (and (= proto 6) (> (+ data 54) data-end)) (return XDP_PASS))",
    "by the inverse": "(unless (/= proto 6) (unless (<= (+ data 54) data-end) (return XDP_PASS)))",
    "and something is done in between": """
        (when (= proto +ip-proto-tcp+)
          (when (> (+ data 54) data-end) (return XDP_PASS)))
        (incf (getmap counts proto))""",
    "read again": """
        (when (= (ipv4-protocol ip) 6)
          (when (> (+ data 54) data-end) (return XDP_PASS)))
        (incf (getmap counts 1))""",
}


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_what_a_condition_has_checked_may_be_read_under_an_equal_one(
    on: Kernel | Vm, check: str
) -> None:
    with load(built(LOGGER.format(check)), on=on, attach=False) as s:
        for given in (
            {}, {"flags": 0x12}, {"proto": 17}, {"size": 50}, {"size": 37}, {"ethertype": 0x86DD},
            {"size": 54},
        ):  # fmt: skip
            assert s.programs["log_syn"].run(packet(**given)).value == PASS
        found = [
            (one.src_addr, one.dst_addr, one.dst_port, one.proto, one.flags)
            for one in s.maps["events"].poll(timeout=0)
        ]
    logged = native(b"\x0a\0\0\1"), native(b"\x0a\0\0\2"), 443, 6, 2
    assert found == [logged, logged]


REFUSED = {
    "(with-tc-packet (d e) 0)": (
        "with-tc-packet is for programs of type :tc; this is an xdp program", "`with-packet`",
    ),
    "(with-tcp (d e) 0)": ("with-tcp binds 3 variables", "`(with-tcp (data end tcp) …)`"),
    "(with-eth (d e :min-len 3) 0)": ("with-eth binds 2 variables", "`(with-eth (data end) …)`"),
    "(with-packet (d e :min 3) 0)": (":min is no option here", ""),
    "(with-packet (d e :min-len (ktime-get-ns)) 0)": (":min-len must be known", ""),
    "(parse-tcp (ctx data))": ("parse-tcp is given 1 operand", "`(parse-tcp data end)`"),
    "(parse-tcp (ctx data) 5)": ("5 is a number", "`(ctx data-end)`"),
    "(tcp-flag (ctx data))": ("Did you mean tcp-flags?", ""),
    "(tcp-flags 5)": ("5 is a number, not memory", ""),
    "(setf (tcp-flags (ctx data)) 1)": ("only read by their names", "`(store u8 (ctx data) 13 "),
}  # fmt: skip


@pytest.mark.parametrize(("form", "said"), REFUSED.items(), ids=REFUSED)
def test_what_makes_no_sense_is_refused(form: str, said: tuple[str, str]) -> None:
    with pytest.raises(CompileError) as caught:
        built(f"(defprog p (:type :xdp)\n {form})")
    assert said[0] in caught.value.msg
    assert said[1] in "\n".join(caught.value.notes)
    assert caught.value.lineno == 2


HEADERS = {
    "(defheader h)": "header h has no fields",
    "(defheader h (f :offset 0))": "f has no :type",
    "(defheader h (f :type u8))": "f has no :offset",
    "(defheader h (f :offset 0 :type u24))": "u24 is no type of a field",
    "(defheader h (f :offset -1 :type u8))": "an offset is from 0 to",
    "(defheader h (f :offset 0 :type u8 :order t))": ":order is no option here",
    "(defheader h (f :offset 0 :type u8) (f :offset 1 :type u8))": "this would define h-f",
    "(defheader h f)": "f is no field of a header",
}


@pytest.mark.parametrize(("text", "said"), HEADERS.items(), ids=HEADERS)
def test_a_header_says_where_its_fields_are(text: str, said: str) -> None:
    with pytest.raises(CompileError) as caught:
        built(f"{text}\n(defprog p () 0)")
    assert said in caught.value.msg
