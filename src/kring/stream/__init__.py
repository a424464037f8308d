"""Memory of rings and perf buffers → records → what a program reads.

In: `RingMemory` or `PerfMemory`, a `Waiter` and a function from bytes to a record. Out:
`handle.StreamHandle` or `buffers.PerfHandle`, which is iterated, polled or subscribed to;
`dispatch` serves the subscribers of several. A live map's bytes in, `maps.MapHandle` out.
Nothing here touches the machine: memory and waiting are what `run` hands over.
"""
