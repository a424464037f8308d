from kring import Hash
counts = Hash(max_entries=8)
