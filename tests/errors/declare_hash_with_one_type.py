from kring import Hash, u32
counts = Hash[u32](max_entries=8)
