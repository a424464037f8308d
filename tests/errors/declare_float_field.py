from kring import Struct
class Event(Struct):
    rate: float
