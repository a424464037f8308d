"""Object → running programs in the Linux kernel, by bpf(2) alone.

In: an `Object`. Out: `Kernel().open(object)`, the `Runtime` that makes its maps, programs and
links. `syscall` is the only module that calls the kernel by number, `privilege` the only one that
explains a refusal; `features` is what `kring doctor` asks.
"""
