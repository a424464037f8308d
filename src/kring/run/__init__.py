"""Object → running programs, in the kernel or in the embedded VM.

In: an `Object` and code relocated for this place. Out: live maps, programs, links and waiters,
behind the protocols of `target`. `kernel.kernel.Kernel` and `vm.target.Vm` are the two places;
`spec` has what both refuse.
This is the one room that touches the machine.
"""
