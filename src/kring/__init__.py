"""kring: both halves of a kernel event stream in one Python file."""

__version__ = "0.1.0"
