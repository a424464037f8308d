# load
from kring import uprobe


@uprobe("/no/such/file", "main")
def on_main() -> None:
    pass
