from kring import current
print(current.pid)
