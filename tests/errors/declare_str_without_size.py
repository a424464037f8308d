from kring import Struct
class Event(Struct):
    comm: str
