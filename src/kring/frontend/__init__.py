"""Python source → typed IR, through one builder that any front end can share.

In: `Program` declarations. Out: a `Unit`: one IR function with the maps and kernel types it uses.
`python.compile_program` is the call; `builder` and the modules of meaning (`integers`, `memory`,
`maps`, `streams`, `kernel`) know nothing of Python's syntax.
"""
