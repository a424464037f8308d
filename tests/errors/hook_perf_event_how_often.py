from kring import perf_event


@perf_event("cpu-clock")
def sample() -> None:
    pass
