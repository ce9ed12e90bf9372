"""The raw videos: whether they can be read, and what they are."""

from collections.abc import Iterable, Iterator

from antpipe.errors import VideoError
from antpipe.progress import duration
from antpipe.projects.note import Note, error, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS


@CHECKS.register("videos")
def check_videos(project: Project) -> Iterator[Note]:
    """Say which videos cannot be decoded at their beginning or end, and how many frames there are."""
    if project.simulated:
        yield ok("videos", f"{len(project.inputs.videos)} films of synthetic ants, which the first step draws")
        return
    for found in project.videos.values():
        if isinstance(found, VideoError):
            yield error("videos", str(found))
        elif found.problem:
            yield warning("videos", f"{found.path}: {found.problem}")
    sound = list(project.sound_videos.values())
    if sound:
        frames = sum(video.frame_count or 0 for video in sound)
        length = duration(sum(video.seconds or 0 for video in sound))
        sizes = _each(f"{video.width}x{video.height}" for video in sound)
        rates = _each(f"{video.fps:g}" for video in sound if video.fps)
        plural = "s" * (len(sound) > 1)
        yield ok("videos", f"{len(sound)} video{plural}, {frames} frames, {length}; {sizes} pixels, {rates} fps")


def _each(values: Iterable[str]) -> str:
    found = list(dict.fromkeys(values))
    return " and ".join(found) if len(found) < 4 else f"{', '.join(found[:2])} and {len(found) - 2} more sizes or rates"
