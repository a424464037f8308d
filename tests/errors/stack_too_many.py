from kring import Hash, Struct, syscall, u64
class Pair(Struct):
    a: u64
    b: u64


pairs = Hash[Pair, u64](max_entries=64)


@syscall
def wide() -> None:
    p0 = Pair(a=0); p1 = Pair(a=1); p2 = Pair(a=2)
    p3 = Pair(a=3)
    p4 = Pair(a=4); p5 = Pair(a=5); p6 = Pair(a=6); p7 = Pair(a=7)
    p8 = Pair(a=8); p9 = Pair(a=9); p10 = Pair(a=10)
    p11 = Pair(a=11); p12 = Pair(a=12); p13 = Pair(a=13)
    p14 = Pair(a=14); p15 = Pair(a=15); p16 = Pair(a=16)
    p17 = Pair(a=17); p18 = Pair(a=18); p19 = Pair(a=19)
    p20 = Pair(a=20); p21 = Pair(a=21); p22 = Pair(a=22)
    p23 = Pair(a=23); p24 = Pair(a=24); p25 = Pair(a=25)
    p26 = Pair(a=26); p27 = Pair(a=27)
    p28 = Pair(a=28); p29 = Pair(a=29)
    p30 = Pair(a=30); p31 = Pair(a=31)
    p32 = Pair(a=32); p33 = Pair(a=33)
    for _ in range(3):
        pairs[p0] = 1; pairs[p1] = 1; pairs[p2] = 1; pairs[p3] = 1
        pairs[p4] = 1; pairs[p5] = 1; pairs[p6] = 1; pairs[p7] = 1
        pairs[p8] = 1; pairs[p9] = 1; pairs[p10] = 1; pairs[p11] = 1
        pairs[p12] = 1; pairs[p13] = 1; pairs[p14] = 1; pairs[p15] = 1
        pairs[p16] = 1; pairs[p17] = 1; pairs[p18] = 1; pairs[p19] = 1
        pairs[p20] = 1; pairs[p21] = 1; pairs[p22] = 1; pairs[p23] = 1
        pairs[p24] = 1; pairs[p25] = 1; pairs[p26] = 1; pairs[p27] = 1
        pairs[p28] = 1; pairs[p29] = 1; pairs[p30] = 1; pairs[p31] = 1
        pairs[p32] = 1; pairs[p33] = 1
