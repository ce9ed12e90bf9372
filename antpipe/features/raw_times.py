"""Where the frames of a video lie in the raw video that it was made from."""

from pathlib import Path
from typing import Any, NamedTuple

from antpipe.errors import PosesError
from antpipe.geometry import IDENTITY
from antpipe.poses import PosesInfo
from antpipe.video.sidecar import read_sidecar


class RawVideo(NamedTuple):
    """The raw video, as far as times go."""

    first_time_s: float = 0.0
    """Time in the raw video of the first frame of the video."""
    first_frame: int | None = 0
    """Its number; None where frames were repeated or dropped, and so have no number in the raw video."""
    fps: float = 0.0
    """Frames per second of the raw video."""
    even: bool = True
    """Frame number over `fps` gives the time."""


def find_raw_video(info: PosesInfo, video: str | Path | None = None) -> RawVideo:
    """Return where the video of a poses file lies in the raw one, as the record of preprocess beside it says.

    Args:
        info: the poses; those exported in raw pixels may have numbers and times of the raw video already.
        video: the video or its record; the one that the poses name by default.

    Raises:
        PosesError: if that cannot be told.
    """
    if info.provenance.get("export", {}).get("frame_numbers") == "raw":
        return RawVideo(fps=info.video.fps)
    path = Path(video or info.video.path)
    record = read_sidecar(path)
    if record:
        return _from_record(path, record, info)
    if info.to_raw != IDENTITY or not path.is_file():
        what = "the record of preprocess beside it" if path.is_file() else "it"
        raise PosesError(
            f"{path}: to know where the video begins in the raw video, {what} is needed, and was not found; run this "
            "from the folder in which that path holds, or name the video"
        )
    return RawVideo(fps=info.video.fps)


def _from_record(path: Path, record: dict[str, Any], info: PosesInfo) -> RawVideo:
    if info.video.fingerprint not in ("", record["output"]["fingerprint"]):
        raise PosesError(f"{path}: the video was made anew since the poses were found; predict and track it again")
    return RawVideo(
        first_time_s=record["first_raw_time_s"],
        first_frame=record["first_raw_frame"] if record["keeps_frame_numbers"] else None,
        fps=record["source"]["fps"],
        even=not record["source"]["variable_frame_rate"],
    )
