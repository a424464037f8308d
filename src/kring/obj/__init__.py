"""Object, the frozen blueprint between whoever made a program and whoever runs it.

In: what `build.py` assembled, or the bytes of an ELF. Out: an `Object`, the bytes of an ELF, or
code ready for one running system.
`object.Object` is what every other room passes around; `elf_read.from_elf`, `elf_write.to_elf`
and `relocate.relocate` are what may be done with it; `misfit.misfits` explains a refusal. Nothing
here reads the machine.
"""
