"""Typed SSA between front ends and bytecode.

In: values and blocks made by the front ends' builder. Out: the same functions, smaller.
`core` holds the op table and the data, `text` prints and parses it, `check` refuses what breaks
its rules, `evaluate` runs it, and `passes.optimise` is what `build.py` calls.
"""
