"""What the kernel fixes, as tables: instructions, UAPI numbers, helpers, program kinds, contexts.

In:  nothing; these are facts.
Out: `isa.OPS` and `isa.Insn` (the instruction set), `code.encode` and `code.decode` (bytes),
     `asm.parse` and `asm.format_insns` (text).
Nothing here reads the running system.
"""
