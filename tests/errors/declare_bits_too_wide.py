from kring import Struct, bits, u8
class Event(Struct):
    flag: u8 = bits(9)
