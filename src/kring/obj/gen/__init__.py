"""An object's structs declared in other languages, laid out byte for byte as its programs do.

In:  an `Object`, whose structs `records_of` finds.
Out: text in C, Go, Rust or Python: `declare(records, name, source)` of the language's module.
"""
