"""What an author declares: integer types, structs, maps and programs.

In: the user's classes and calls, at import time, without privileges or I/O. Out: frozen
declarations that the front ends compile and the session turns into live handles.
`types` are widths and layouts, `struct` records, `kernel` partial views of kernel data, `maps`
maps and streams, `programs` the decorators, `inside` the names that mean something only in a
program.
"""
