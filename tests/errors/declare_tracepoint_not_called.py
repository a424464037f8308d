from kring import tracepoint
@tracepoint
def on_exec() -> None:
    pass
