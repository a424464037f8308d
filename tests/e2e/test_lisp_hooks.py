"""Lisp programs where they attach: what their contexts say is what happened, and writing counts."""

from __future__ import annotations

import ctypes
import os
import socket
from pathlib import Path

import pytest

import kring

pytestmark = pytest.mark.kernel

HERE = int.from_bytes(socket.inet_aton("127.0.0.1"), "little")


def opened(text: str, tmp_path: Path) -> kring.Object:
    path = tmp_path / "own.lisp"
    path.write_text(text)
    return kring.open(str(path))



def test_a_connection_is_led_elsewhere(cgroup: Path, tmp_path: Path) -> None:
    """By a program that writes the port of the address that a task connects to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        obj = opened(
            f"""
            (defmap seen :type :array :key-size 4 :value-size 8 :max-entries 4)
            (defprog lead (:type :cgroup-sock-addr :section "cgroup/connect4")
              (when (= (ctx user-port) (htons 9))
                (setf (getmap seen 0) (ctx user-ip4)
                      (getmap seen 1) (ctx type)
                      (getmap seen 2) (ctx protocol)
                      (ctx user-port) (htons {port})))
              1)""",
            tmp_path,
        )
        with (
            kring.load(obj, cgroup=str(cgroup)) as s,
            socket.create_connection(("127.0.0.1", 9)) as client,
        ):
            assert client.getpeername()[1] == port
            seen = [s.maps["seen"][at] for at in range(3)]
    assert seen == [HERE, socket.SOCK_STREAM, socket.IPPROTO_TCP]


def test_connections_are_told_of_by_the_kernel(cgroup: Path, tmp_path: Path) -> None:
    """A program of sockops has the addresses of a connection once it stands."""
    obj = opened(
        """
        (defstruct made (local u32) (remote u32) (port u32) (family u32))
        (defmap events :type :ringbuf :max-entries 4096)
        (defprog tell (:type :cgroup-sock :section "sockops")
          (when (= (ctx op) 4)                  ; an active connection is established
            (with-ringbuf (m events (sizeof made))
              (setf (made-local m) (ctx local-ip4)
                    (made-remote m) (ctx remote-ip4)
                    (made-port m) (ntohl (ctx remote-port))
                    (made-family m) (ctx family))))
          1)""",
        tmp_path,
    )
    with (
        kring.load(obj, cgroup=str(cgroup)) as s,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()),
    ):
        (made,) = s.maps["events"].poll(timeout=1)
        port = server.getsockname()[1]
    assert (made.local, made.remote, made.port) == (HERE, HERE, port)
    assert made.family == socket.AF_INET


def test_the_options_of_a_socket(cgroup: Path, tmp_path: Path) -> None:
    """A program decides what a socket's option is said to be."""
    obj = opened(
        """
        (defprog say (:section "cgroup/getsockopt")
          (when (and (= (ctx level) 1) (= (ctx optname) 9))
            (let ((value (ctx optval)))
              (when (<= (+ value 4) (ctx optval-end))
                (store u32 value 0 77)
                (setf (ctx optlen) 4 (ctx retval) 0))))
          1)""",
        tmp_path,
    )
    with kring.load(obj, cgroup=str(cgroup)), socket.socket() as one:
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 77
    with socket.socket() as one:
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


def test_the_arguments_of_a_function_in_user_space(tmp_path: Path) -> None:
    libc = next(
        line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()
        if "/libc.so" in line or "/libc-" in line
    )  # fmt: skip
    obj = opened(
        f"""
        (defstruct call (pid u32) (number u64) (text (array u8 16)))
        (defmap events :type :ringbuf :max-entries 4096)
        (defprog entered (:type :kprobe :section "uprobe/{libc}:strtol")
          (with-ringbuf (c events (sizeof call))
            (setf (call-pid c) (>> (get-current-pid-tgid) 32)
                  (call-number c) (pt-regs-parm3))
            (probe-read-user-str (call-text-ptr c) 16 (pt-regs-parm1)))
          0)
        (defprog left (:type :kprobe :section "uretprobe/{libc}:strtol")
          (with-ringbuf (c events (sizeof call))
            (setf (call-pid c) 0 (call-number c) (pt-regs-ret) (call-text c 0) 0))
          0)""",
        tmp_path,
    )
    strtol = ctypes.CDLL(libc).strtol
    with kring.load(obj, pid=os.getpid()) as s:
        assert strtol(b"1234", None, 10) == 1234
        found = s.maps["events"].poll(timeout=1)
    calls = [(one.pid, one.number, one.text) for one in found]
    assert (os.getpid(), 10, "1234") in calls
    assert (0, 1234, "") in calls


def test_a_program_goes_on_with_another(tmp_path: Path) -> None:
    obj = opened(
        """
        (defmap jumps :type :prog-array :key-size 4 :value-size 4 :max-entries 2)
        (defprog first (:type :xdp) (tail-call jumps 1) 7)
        (defprog second (:type :xdp) 9)""",
        tmp_path,
    )
    with kring.load(obj, attach=False) as s:
        first, second = s.programs["first"], s.programs["second"]
        assert first.run(bytes(14)).value == 7
        s.maps["jumps"][1] = second
        assert first.run(bytes(14)).value == 9
