from kring import Struct
class Event(Struct):
    pid: int
