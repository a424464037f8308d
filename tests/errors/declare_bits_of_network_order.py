from kring import Struct, be16, bits


class Vlan(Struct):
    priority: be16 = bits(3)
    id: be16 = bits(13)
