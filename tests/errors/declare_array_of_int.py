from kring import Struct, array
class Event(Struct):
    ports: tuple = array(4, int)
