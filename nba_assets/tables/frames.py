"""Frames of a table's rows."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def concatenated(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The frames one below the other; the first one where none has a row, as empty ones would change the types."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]
