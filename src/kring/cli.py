"""The command `kring`: its verbs, their options, and how errors are shown.

In:  the command line. Out: an exit code: 0, 1 for an error, 2 for wrong usage, 130 at Ctrl-C.
Rule: each verb imports what it needs, so that none waits for another's modules.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from kring.errors import (
    CompileError,
    KringError,
    KringWarning,
    LoadError,
    ObjectError,
    VerifierError,
)

if TYPE_CHECKING:
    from kring import Kernel, Vm


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of the command line, by default this process's own."""
    given = list(sys.argv[1:] if argv is None else argv)
    log = False
    try:
        options = _parse(given)
        log = getattr(options, "verifier_log", False)
        _write_any_text(sys.stdout)
        _say_warnings()
        verb: Callable[[Namespace], int] = options.verb
        return verb(options)
    except BrokenPipeError:
        _leave_pipe()
        return 0
    except KeyboardInterrupt:
        return 130
    except (KringError, OSError) as error:
        say(error_text(error, log))
    return 1


def _parse(given: list[str]) -> Namespace:
    end = given.index("--") if "--" in given else len(given)
    options = _parser(given[0] if given else "").parse_args(given[:end])
    if end < len(given) and "args" not in options:
        _parser("").error("-- and what follows it are for `kring run FILE`")
    if "args" in options:
        options.args = given[end + 1 :]
    return options


# What each verb takes. Options of the same name mean the same everywhere.


def _parser(verb: str) -> ArgumentParser:
    parser = ArgumentParser("kring", description="Kernel events, from one Python file.")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for name, (help, declare, run) in _VERBS.items():
        one = verbs.add_parser(name, help=help, description=help)
        one.set_defaults(verb=run)
        if name == verb:
            declare(one)
    return parser


def _exec_options(parser: ArgumentParser) -> None:
    _json(parser)
    parser.add_argument(
        "--via",
        choices=("reserve", "output", "perf"),
        default="reserve",
        help="how events come: through a ring, written in place (reserve, the default) or copied"
        " (output), or through a perf buffer for each CPU",
    )
    parser.add_argument("--ppid", action="store_true", help="show the parent's process id too")
    parser.add_argument("--count", type=_count, metavar="N", help="stop after N events")
    parser.add_argument("--duration", type=_seconds, metavar="S", help="stop after S seconds")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--kernel", action="store_true", help="run on the kernel or not at all")
    _vm(where.add_argument)
    _btf(parser)


def _run_options(parser: ArgumentParser) -> None:
    _file(parser)
    parser.set_defaults(args=[])
    parser.usage = (
        "kring run [-h] [--json] [--vm] [--btf FILE] [--interface NAME] [--cgroup DIR] [--pid PID]"
        " [--record [STREAM=]TYPE] [--verifier-log] FILE [-- ARGS…]"
    )
    parser.add_argument("--interface", metavar="NAME", help="where xdp and tc programs attach")
    parser.add_argument("--cgroup", metavar="DIR", help="where cgroup_skb programs attach")
    parser.add_argument(
        "--pid", type=_process, metavar="PID", help="the process that probes in user space watch"
    )
    parser.add_argument(
        "--record",
        action="append",
        default=[],
        metavar="[STREAM=]TYPE",
        help="what an object's records are: a type of its own (event), a class (file.py:Exec), or"
        " the fields ('pid:i32 comm:char[16]')",
    )
    _json(parser)
    _vm(parser.add_argument)
    _btf(parser)
    _log(parser)


def _check_options(parser: ArgumentParser) -> None:
    _file(parser)
    _json(parser)
    _vm(parser.add_argument)
    _btf(parser)
    _log(parser)


def _build_options(parser: ArgumentParser) -> None:
    from kring.output import DECLARATIONS

    _file(parser)
    parser.add_argument("-o", dest="output", metavar="X.bpf.o", help="where to write the object")
    parser.add_argument(
        "--gen",
        action="extend",
        type=_languages,
        default=[],
        metavar="LANG,…",
        help=f"declare its structs too, beside it, in any of: {', '.join(DECLARATIONS)}",
    )
    parser.add_argument(
        "--tracefs",
        metavar="DIR",
        help="put the fields of tracepoints where this tracefs has them, for other loaders",
    )
    _json(parser)


def _dump_options(parser: ArgumentParser) -> None:
    _file(parser)
    _json(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--ir", action="store_true", help="intermediate code, optimised")
    form.add_argument("--asm", action="store_true", help="bytecode as assembler text (default)")
    parser.add_argument("--stage", metavar="NAME", help="intermediate code after this stage")


def _doctor_options(parser: ArgumentParser) -> None:
    _json(parser)
    _btf(parser)


def _file(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a Python or Lisp file with programs, or an object"
    )


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON")


def _vm(add: Callable[..., object]) -> None:
    add("--vm", action="store_true", help="run in the embedded VM, without privileges")


def _btf(parser: ArgumentParser) -> None:
    parser.add_argument("--btf", metavar="FILE", help="kernel types: raw BTF, or an ELF with it")


def _log(parser: ArgumentParser) -> None:
    help = "if the verifier refuses a program, print everything it said"
    parser.add_argument("--verifier-log", action="store_true", help=help)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a number of events")
    return int(text)


def _process(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a number of a process")
    return int(text)


def _languages(text: str) -> list[str]:
    from kring.output import DECLARATIONS
    from kring.spelling import suggestion

    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    for name in names:
        if name not in DECLARATIONS:
            hint = suggestion(name, DECLARATIONS)
            known = ", ".join(DECLARATIONS)
            raise ArgumentTypeError(f"{name!r} is no language here, which are {known}.{hint}")
    return names


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


# The verbs.


def _exec(options: Namespace) -> int:
    from kring.session import load
    from kring.tools import exec as tool

    half = tool.kernel_half(options.via)
    with ExitStack() as stack:
        if options.vm:
            say(f"kring: {_FED}")
            session = stack.enter_context(load(half[0], on=fed_vm()))
        else:
            try:
                session = stack.enter_context(load(half[0], on=_kernel(options)))
            except (LoadError, ObjectError) as error:
                # What the user insisted on, or what is a fault of kring itself, is no refusal.
                if options.kernel or options.btf or isinstance(error, VerifierError):
                    raise
                say(_fallback(error))
                session = stack.enter_context(load(half[0], on=fed_vm()))
        tool.snoop(session, half, options.json, options.ppid, options.count, options.duration)
    return 0


def _fallback(error: KringError) -> str:
    why = " ".join(str(error).split()).rstrip(".")
    return f"kring: {why}. Until then {_FED}"


_FED = (
    "the same bytecode runs in the embedded VM, fed from new processes seen in /proc: short-lived"
    " ones can be missed"
)


def _run(options: Namespace) -> int:
    from kring.listing import run
    from kring.run.target import Hook

    on: Kernel | Vm = _kernel(options)
    fed = ""
    if options.vm:
        from kring.run.vm.proc import HOOK

        on, fed = fed_vm(options.btf), HOOK
    hook = Hook(options.interface, options.cgroup, options.pid)
    return run(options.file, options.args, on, fed, hook, options.json, options.record)


def _check(options: Namespace) -> int:
    from kring.check import check

    on = fed_vm(options.btf) if options.vm else _kernel(options)
    return check(options.file, on, options.json, options.verifier_log)


def _build(options: Namespace) -> int:
    from kring.output import write

    return write(options.file, options.output, options.gen, options.json, options.tracefs)


def _dump(options: Namespace) -> int:
    from kring.dump import dump

    return dump(options.file, options.ir, options.stage, options.json)


def _doctor(options: Namespace) -> int:
    from kring.check import doctor

    return doctor(_kernel(options), options.json)


def _kernel(options: Namespace) -> Kernel:
    from kring.run.kernel.kernel import Kernel

    return Kernel(options.btf)


def fed_vm(btf: str | None = None) -> Vm:
    """The embedded VM, which sees the processes that /proc shows; `btf` is a file of types."""
    from kring.run.vm.proc import new_processes
    from kring.run.vm.target import Vm

    return Vm(feed=new_processes(), btf=btf)


_VERBS: dict[str, tuple[str, Callable[[ArgumentParser], None], Callable[[Namespace], int]]] = {
    "exec": ("show every program started on this machine", _exec_options, _exec),
    "run": ("run the programs of a file and print their records", _run_options, _run),
    "check": ("load the programs of a file, attach nothing", _check_options, _check),
    "build": ("write the programs of a file as an object", _build_options, _build),
    "dump": ("show what the programs of a file compile to", _dump_options, _dump),
    "doctor": ("show what works on this machine, and cures", _doctor_options, _doctor),
}


# How errors are shown.


def error_text(error: Exception, log: bool = False) -> str:
    """What an error says without its traceback; one of the compiler's with line and caret, one of
    the verifier's with its whole `log` if that is asked for."""
    if isinstance(error, CompileError):
        return _all_errors(error)
    if isinstance(error, VerifierError) and log:
        return f"kring: {error}\n\n{error.log}".rstrip()
    if isinstance(error, OSError) and not isinstance(error, KringError) and error.filename:
        return f"kring: {error.filename}: {error.strerror}"
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return "\n".join([f"kring: {error}", *notes])


def _all_errors(error: CompileError) -> str:
    """Every error of a build, each as Python shows one, and how many there are."""
    from traceback import format_exception_only

    from kring.frontend.diagnose import alone

    shown = ["".join(format_exception_only(alone(one))).rstrip() for one in (error, *error.others)]
    if error.others:
        count = len(shown) + error.more
        shown.append(f"{count} errors" + f", of which the first {len(shown)}" * (error.more > 0))
    return "\n\n".join(shown)


def say(text: str) -> None:
    """Tell the person, on standard error."""
    print(text, file=sys.stderr)


def say_notes(notes: Iterable[str]) -> None:
    """What a build says to the author of its source."""
    for note in notes:
        say(f"kring: note: {note}")


def _say_warnings() -> None:
    """Warnings of ours as notes: no line of kring's is anybody's fault."""
    import warnings

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, KringWarning):
            say(f"kring: note: {message}")
        else:
            say(warnings.formatwarning(message, category, filename, lineno, line).rstrip())

    warnings.showwarning = show


def _write_any_text(out: TextIO) -> None:
    """A name that the terminal's encoding lacks is no reason to stop."""
    reconfigure: Callable[..., None] | None = getattr(out, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")


def _leave_pipe() -> None:
    """Let what is still buffered go nowhere when the interpreter flushes it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
