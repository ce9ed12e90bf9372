"""What happened to the tracks of a film: starts, ends, joins, repairs and doubtful crossings, as a table."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from antpipe.errors import PosesError, reason, shown
from antpipe.files import atomic_path

MOST_FRAMES = 2**31
"""Frame indices from here on do not fit into a poses file."""
KINDS = ("start", "end", "join", "repair", "crossing")


@dataclass(frozen=True, kw_only=True, order=True)
class Event:
    """One moment in the life of a track."""

    frame_idx: int
    """The first frame in which it shows; of an end, the last one."""
    kind: str
    """`start`, `end`; `join`: the track goes on where another one started; `repair`: it goes on as another one, for
    which it had been taken; `crossing`: it came close to another one, and that nothing was changed is not sure."""
    track: str
    other: str
    """The track that was joined, or with which places were or may have been changed; empty for none."""
    gap: int
    """Frames for which the animal was out of sight just before."""
    confidence: float
    """How sure what was done is against the best other way, 0 to 1; of a start or an end, that it is one."""
    x: float
    """Pixels."""
    y: float
    """Pixels."""


COLUMNS = tuple(field.name for field in fields(Event))


def write_events(path: str | Path, events: Iterable[Event]) -> None:
    """Write events as a table with tabs, sorted by frame."""
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(_text(value) for value in astuple(event)) for event in sorted(events)]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_events(path: str | Path) -> list[Event]:
    """Return the events of a table.

    Raises:
        PosesError: if the file is missing or is no table of events.
    """
    if not Path(path).is_file():
        raise PosesError(f"{path}: table of events not found; make it with antpipe track")
    try:
        # Not `splitlines`, for which names of tracks may hold ends of lines.
        lines = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise PosesError(f"{path}: expected a table of events, but it is not text ({reason(error)})") from error
    if tuple(lines[0].split("\t")) != COLUMNS:
        raise PosesError(f"{path}: expected a table of events with the columns {list(COLUMNS)}, got {shown(lines[0])}")
    return [_event(line.split("\t"), path) for line in lines[1:]]


def _event(cells: list[str], path: str | Path) -> Event:
    try:
        frame_idx, kind, track, other, gap, confidence, x, y = cells
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}")
        return Event(
            frame_idx=_count(frame_idx),
            kind=kind,
            track=track,
            other=other,
            gap=_count(gap),
            confidence=float(confidence),
            x=float(x),
            y=float(y),
        )
    except ValueError as error:
        raise PosesError(
            f"{path}: expected a row of {len(COLUMNS)} cells, got {shown(cells)} ({reason(error)})"
        ) from error


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number < MOST_FRAMES:
        raise ValueError(f"{number} is no count of frames")
    return number


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.1f}"
    # A tab or a line's end in a name would break the table.
    return str(value).replace("\t", " ").replace("\n", " ").replace("\r", " ")
