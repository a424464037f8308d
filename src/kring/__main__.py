"""`python -m kring` is the command `kring`."""

from kring.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
