"""MOTChallenge text: one box per line."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from antpipe.errors import LabelError, shown
from antpipe.evaluation.frames import Frame
from antpipe.geometry import Array

MOST_FRAMES = 3_000_000
"""A day of film; a frame beyond is a damaged number, and every frame before it takes memory."""

MOST_IDENTITY = 2**53
"""Numbers beyond are no longer whole."""


def read_mot(path: str | Path, *, truth: bool = False) -> list[Frame]:
    """Return the boxes of a MOTChallenge file as frames from the first to the last; a box is its two corners.

    Columns: frame (from 1), identity (-1: none), left, top, width, height, confidence, and others that are not read.
    In a `truth` file the confidence is a flag, and boxes with 0 are left out.

    Raises:
        LabelError: if the file is missing, empty, or a line has no six numbers, or a frame beyond `MOST_FRAMES`.
    """
    rows = _read_rows(path)
    if truth:
        rows = rows[rows[:, 6] != 0]
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    numbers, starts = np.unique(rows[:, 0].astype(int), return_index=True)
    parts = np.split(rows, starts)[1:]
    found = {int(number): _frame(part, number) for number, part in zip(numbers, parts, strict=True)}
    empty = _frame(rows[:0], 1)
    return [found.get(n) or replace(empty, frame_idx=n - 1) for n in range(1, max(found, default=0) + 1)]


def _frame(rows: Array, number: int) -> Frame:
    # MOTChallenge counts pixels from 1.
    corners = np.stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1) - 1
    tracks = tuple(None if identity < 0 else str(identity) for identity in rows[:, 1].astype(int))
    return Frame(video="", frame_idx=int(number) - 1, points=corners, scores=rows[:, 6], tracks=tracks)


def _read_rows(path: str | Path) -> Array:
    if not Path(path).is_file():
        raise LabelError(f"{path}: MOTChallenge file not found; check the path")
    rows = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if line.strip():
            rows.append(_read_row(line, f"{path}, line {number}"))
    if not rows:
        raise LabelError(f"{path}: expected boxes (frame, id, left, top, width, height, ...), but the file is empty")
    return np.array(rows)


def _read_row(line: str, place: str) -> list[float]:
    try:
        values = [float(text) for text in line.split(",")[:7]]
    except ValueError as error:
        raise LabelError(f"{place}: expected numbers frame, id, left, top, width, height, got {shown(line)}") from error
    if len(values) < 6 or not np.isfinite(values).all() or values[0] < 1 or abs(values[1]) > MOST_IDENTITY:
        raise LabelError(f"{place}: expected numbers frame (from 1), id, left, top, width, height, got {shown(line)}")
    if values[0] > MOST_FRAMES:
        raise LabelError(f"{place}: expected a frame up to {MOST_FRAMES:,}, got {values[0]:.12g}; remove it")
    return [*values, 1.0][:7]
