"""Programs run in this process: an interpreter with checked memory, helpers, maps and rings.

In:  encoded code (`machine.Machine`), or an Object (`target.Vm`, one of the places that run them).
Out: results, map contents and ring memory as the kernel would leave them, or a `VmError` that
     says which instruction did what to which address.
"""
