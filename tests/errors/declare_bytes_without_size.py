from kring import Struct
class Event(Struct):
    mac: bytes
