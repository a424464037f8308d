"""Ring memory → records → what a program reads.

In: `RingMemory`, a `Waiter` and a function from bytes to a record. Out: `StreamHandle`, which is
iterated, polled or subscribed to; `run_all` serves the subscribers of several.
Nothing here touches the machine: memory and waiting are what `run` hands over.
"""
