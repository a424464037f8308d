from kring import Struct, array
class Event(Struct):
    mac: bytes = array(0)
