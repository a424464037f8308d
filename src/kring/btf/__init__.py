"""Types of BPF programs and of the kernel: raw BTF in, types and relocation answers out.

`kring.btf.blob.Btf` reads raw BTF lazily, `kring.btf.write.Builder` makes it, and
`kring.btf.core.resolve` says what a CO-RE record means on a given kernel. Nothing here opens a
file: the caller brings bytes.
"""
