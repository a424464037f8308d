from kring import LpmTrie, u32, u64

routes = LpmTrie[u32, u64](8)
