"""What the kernel fixes, as tables: instructions, numbers, helpers, program kinds, tracepoints.

In:  nothing; these are facts.
Out: `isa.OPS` and `isa.Insn` (the instruction set), `code.encode` and `code.decode` (bytes),
     `asm.parse` and `asm.format_insns` (text), `helpers.HELPERS`, `programs.KINDS`,
     `tracepoints.TraceField`, and the numbers of `uapi`.
Nothing here reads the running system.
"""
