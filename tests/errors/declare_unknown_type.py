from __future__ import annotations

from kring import Struct


class Event(Struct):
    pid: u23
