"""An object's structs declared in other languages, laid out byte for byte as its programs do.

In:  an `Object`.
Out: text in C, Go, Rust or Python: `LANGUAGES["c"]` of its records.
"""
