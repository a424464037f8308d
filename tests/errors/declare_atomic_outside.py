from kring import atomic

counter = 1
atomic.fetch_add(counter, 1)
