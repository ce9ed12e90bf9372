"""The way back from a preprocessed video to its raw video: pixels, size, path, frame numbers, times."""

from dataclasses import dataclass, replace
from typing import Any

from antpipe.geometry import IDENTITY, Transform
from antpipe.poses import PosesInfo, VideoMeta
from antpipe.video.sidecar import read_sidecar


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """How the rows of a poses file become what is wanted: poses about the raw video, as a rule."""

    info: PosesInfo
    """What the poses are then about."""
    moved_by: Transform
    """From the pixels of the poses file to the wanted ones."""
    first_frame: int = 0
    """Is added to the file's frame numbers."""
    first_time_s: float = 0.0
    """Is added to the file's times."""
    shortfall: str = ""
    """What could not be led back and why, in one sentence."""


def way_back(info: PosesInfo) -> WayBack:
    """Return how poses become poses in raw pixels, as far as is known.

    The pixels are known from the poses file itself; path, size, frame numbers and times from the record that
    preprocess wrote beside the video. Where frames were repeated or dropped to reach another rate, a frame of the
    video has no number in the raw one: then path, frame numbers and times stay those of the video. What was done
    is told under `export` in the provenance.
    """
    if info.coordinates == "raw":
        return WayBack(info=info, moved_by=IDENTITY)
    moved_by, pixels_only = info.to_raw, replace(info, coordinates="raw")
    record = read_sidecar(info.video.path) if info.video.path else {}
    if not record or record["output"]["fingerprint"] != info.video.fingerprint:
        lost = "" if info.to_raw == IDENTITY else _not_found(info, bool(record))
        return WayBack(info=_told(pixels_only, info, "video", "video"), moved_by=moved_by, shortfall=lost)
    raw = record["source"]
    if not record["keeps_frame_numbers"]:
        sized = replace(info.video, width=raw["width"], height=raw["height"])
        led = replace(pixels_only, video=sized, to_raw=IDENTITY)
        return WayBack(info=_told(led, info, "raw", "video"), moved_by=moved_by, shortfall=_resampled(info, raw))
    first = record["first_raw_frame"]
    frames = tuple((start + first, stop + first) for start, stop in info.frames)
    led = replace(pixels_only, video=_raw_video(raw, info, frames), to_raw=IDENTITY, frames=frames)
    return WayBack(
        info=_told(led, info, "raw", "raw", first_raw_frame=first),
        moved_by=moved_by,
        first_frame=first,
        first_time_s=record["first_raw_time_s"],
    )


def _raw_video(raw: dict[str, Any], info: PosesInfo, frames: tuple[tuple[int, int], ...]) -> VideoMeta:
    return VideoMeta(
        path=raw["path"],
        width=raw["width"],
        height=raw["height"],
        fps=info.video.fps,
        # A broken video counts only what decodes, while its frames keep their numbers.
        frame_count=max([raw["frame_count"], *(stop for _, stop in frames)]),
        fingerprint=raw["fingerprint"],
    )


def _told(led: PosesInfo, before: PosesInfo, size: str, frames: str, **more: int) -> PosesInfo:
    """Return the info with a record of what it means: of which video pixels, size and frame numbers are."""
    record = {"pixels": "raw", "size": size, "frame_numbers": frames, **more}
    made_from = {"path": before.video.path, "fingerprint": before.video.fingerprint, "to_raw": before.to_raw.to_dict()}
    return replace(led, provenance={**before.provenance, "export": {**record, "video": made_from}})


def _not_found(info: PosesInfo, other: bool) -> str:
    path = info.video.path
    found = "is about another version of it" if other else "was not found"
    return (
        f"points are in raw pixels, but path, size and frame numbers are those of {path}: the record of preprocess "
        f"beside it {found}; run this from the folder in which that path holds"
    )


def _resampled(info: PosesInfo, raw: dict[str, Any]) -> str:
    return (
        f"points and size are those of {raw['path']}, but path, frame numbers and times are those of "
        f"{info.video.path}: frames were repeated or dropped to reach {info.video.fps:g} frames per second, so they "
        "have no numbers in the raw video; leave preprocess.fps out to keep them"
    )
