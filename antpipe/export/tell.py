"""What an export tells in the log: what could not be kept, and how many."""

import sys
from pathlib import Path

from antpipe.poses import PosesInfo


def tell(file: str | Path, sentence: str) -> None:
    """Write a sentence about a file to the log."""
    print(f"{file}: {sentence}", file=sys.stderr, flush=True)


def tell_empty_frames(output: Path, info: PosesInfo, with_animals: int) -> None:
    """Tell how many of the frames examined have no row, because no animal was in them."""
    empty = info.frame_total - with_animals
    if empty > 0:
        tell(output, f"{empty} of {info.frame_total} frames examined hold no animal, and so have no row here")
