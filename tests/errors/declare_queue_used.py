from kring import Queue, u64

jobs = Queue[u64](8)
jobs.push(3)
