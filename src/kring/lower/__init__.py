"""IR to bytecode.

In: a checked `ir.core.Fn`, best after `ir.passes`. Out: `Code`, its instructions with final
jumps, and what the caller has to patch or to record: maps, facts of the target kernel, lines.
`lower.lower(fn)` is what `build.py` calls; `code` has `Code` and `StackOverflow`. The stages, in
order: `select` (asking `frame` and `operands`), `edges`, `registers` (on `liveness`, with
`spill`), `reuse`, `layout`, `emit`; all work on `lir`.
"""
