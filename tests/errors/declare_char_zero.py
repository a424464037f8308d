from kring import Struct, char
class Event(Struct):
    comm: str = char(0)
