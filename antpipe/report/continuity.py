"""How continuous the tracks of a film are, and which moments a person should look at."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from antpipe.geometry import Array
from antpipe.report.figure import clock
from antpipe.report.track_record import TrackRecord
from antpipe.tracking.events import Event
from antpipe.tsv import write_tsv

SURE = 0.9
"""Moments less sure than this are to be looked at."""
SENTENCES = {
    "start": "{track} starts: is it an animal that had another track before?",
    "end": "{track} ends: does the animal go on without a track, or with another one?",
    "join": "{track} was lost for {gap} frames: is it the same animal again?",
    "repair": "{track} goes on where {other} had been: are both right now?",
    "crossing": "{track} met {other}: did they change animals?",
}


@dataclass(frozen=True, kw_only=True)
class TrackContinuity:
    """One track in figures."""

    track: str
    first_frame: int
    last_frame: int
    frames: int
    """In which it is seen."""
    of_its_time: float
    """The same as a part of the frames examined from its first to its last one."""
    of_film: float
    """The same as a part of all frames examined."""
    pieces: int
    """Runs of frames without a gap."""
    longest_gap: int
    """Frames."""
    joins: int
    repairs: int
    to_check: int
    """Moments that are not sure."""
    least_confidence: float
    """Of its moments; 1 where there is none."""


def track_continuity(record: TrackRecord, events: Sequence[Event]) -> list[TrackContinuity]:
    """Return the figures of all tracks of a film in order of appearance."""
    by_track: dict[str, list[Event]] = {name: [] for name in record.runs}
    for event in events:
        for name in {event.track, event.other} & by_track.keys():
            by_track[name].append(event)
    return [_one_track(record, name, of_it) for name, of_it in by_track.items()]


def moments_to_check(record: TrackRecord, events: Sequence[Event]) -> list[Event]:
    """Return the events that are not sure, the most doubtful first.

    Starts and ends of tracks that were seen for less than a second are left out: there is little to lose.
    """
    long = {name for name, runs in record.runs.items() if _frames(runs) >= record.info.video.fps}
    doubtful = [e for e in events if e.confidence < SURE and (e.kind not in ("start", "end") or e.track in long)]
    return sorted(doubtful, key=lambda e: (e.confidence, e))


def write_tracks(path: str | Path, tracks: Sequence[TrackContinuity]) -> None:
    """Write the figures of all tracks as a table with tabs."""
    _write(path, [field.name for field in fields(TrackContinuity)], [astuple(track) for track in tracks])


def write_moments(path: str | Path, moments: Sequence[Event], fps: float) -> None:
    """Write the moments to check, in their order, as a table with tabs."""
    rows = [
        (
            number,
            clock(e.frame_idx / fps),
            e.frame_idx,
            e.kind,
            e.track,
            e.other,
            e.gap,
            e.confidence,
            e.x,
            e.y,
            _ask(e),
        )
        for number, e in enumerate(moments, start=1)
    ]
    _write(path, ["number", "time", *(field.name for field in fields(Event)), "question"], rows)


def _one_track(record: TrackRecord, name: str, events: Sequence[Event]) -> TrackContinuity:
    runs = record.runs[name]
    frames, first, last = _frames(runs), int(runs[0, 0]), int(runs[-1, 1]) - 1
    gaps = runs[1:, 0] - runs[:-1, 1]
    return TrackContinuity(
        track=name,
        first_frame=int(record.frames[first]),
        last_frame=int(record.frames[last]),
        frames=frames,
        of_its_time=frames / (last - first + 1),
        of_film=frames / len(record.frames),
        pieces=len(runs),
        longest_gap=int(gaps.max(initial=0)),
        joins=sum(e.kind == "join" for e in events),
        repairs=sum(e.kind == "repair" for e in events),
        to_check=sum(e.confidence < SURE for e in events),
        least_confidence=min((e.confidence for e in events), default=1.0),
    )


def _frames(runs: Array) -> int:
    return int((runs[:, 1] - runs[:, 0]).sum())


def _ask(event: Event) -> str:
    return SENTENCES[event.kind].format(track=event.track, other=event.other or "another animal", gap=event.gap)


def _write(path: str | Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    write_tsv(path, columns, ([f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row] for row in rows))
