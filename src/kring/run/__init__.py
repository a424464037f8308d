"""Object → running programs, in the kernel or in the embedded VM.

In: an `Object` and code relocated for this place. Out: live maps, programs, links and waiters,
behind the protocols of `target`. `kernel.Kernel` and `vm.Vm` are the two places.
This is the one room that touches the machine.
"""
