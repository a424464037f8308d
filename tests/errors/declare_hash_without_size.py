from kring import Hash, u32
counts = Hash[u32, u32]()
