from kring import Global, u16
port = Global[u16](70)
print(port.value)
