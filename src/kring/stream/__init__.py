"""Ring memory → records → what a program reads.

In: `RingMemory`, a `Waiter` and a function from bytes to a record. Out: `handle.StreamHandle`,
which is iterated, polled or subscribed to; `dispatch` serves the subscribers of several. A live
map's bytes in, `maps.MapHandle` out.
Nothing here touches the machine: memory and waiting are what `run` hands over.
"""
