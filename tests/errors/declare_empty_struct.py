from kring import Struct
class Event(Struct):
    pass
