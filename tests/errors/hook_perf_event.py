# load
from kring import perf_event


@perf_event("cpu-cycles", frequency=99)
def sample() -> None:
    pass
