from kring import Queue

jobs = Queue(8)
