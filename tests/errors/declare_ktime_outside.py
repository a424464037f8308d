from kring import ktime_ns
print(ktime_ns())
