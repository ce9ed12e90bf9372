"""ffmpeg, which writes videos."""

from collections.abc import Iterator

from antpipe.projects.note import Note, ok
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS
from antpipe.video.ffmpeg import ffmpeg_binary


@CHECKS.register("ffmpeg")
def check_ffmpeg(project: Project) -> Iterator[Note]:
    """Say which ffmpeg will run.

    Raises:
        ResourceError: if there is none.
    """
    yield ok("ffmpeg", ffmpeg_binary())
