"""Lisp source → typed IR.

In:  the text of a file, and what the running system says of hooks and types, if it was asked.
Out: its programs, and for each the IR.
"""
