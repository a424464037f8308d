"""What a user is told while loading goes on."""

from __future__ import annotations

import sys
import warnings

from kring.errors import KringWarning


def tell(text: str) -> None:
    """Warn at the line that called kring, wherever in kring it is found out."""
    depth = 1
    while sys._getframe(depth).f_globals.get("__name__", "").startswith("kring."):  # pyright: ignore[reportPrivateUsage]
        depth += 1
    warnings.warn(text, KringWarning, stacklevel=depth + 1)
