"""The ffmpeg program: where it is, and running it without a shell."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import ffmpeg

from antpipe.errors import ResourceError, VideoError

ENVIRONMENT_VARIABLE = "ANTPIPE_FFMPEG"
GLOBAL_OPTIONS = ("-hide_banner", "-loglevel", "error", "-nostats", "-nostdin", "-y")
PROGRESS_OPTIONS = ("-progress", "pipe:1", "-stats_period", "1")
LOG_TAIL = 65536
CONTEXT = re.compile(r"^(\[[^\]]*\] *)+")
FOLLOW_UPS = (
    "Conversion failed",
    "Could not open encoder before EOF",
    "Error opening input file",
    "Error opening output file",
    "Error reinitializing filters",
    "Error sending frames to consumers",
    "Error while opening encoder",
    "Failed to configure",
    "Nothing was written into output file",
    "Task finished with error code",
    "Terminating thread",
)
"""What ffmpeg says after it has said what is wrong."""


def ffmpeg_binary() -> str:
    """Return the ffmpeg to run: `ANTPIPE_FFMPEG`, else the one on PATH, else the one that imageio-ffmpeg brought.

    Raises:
        ResourceError: if there is none, or if `ANTPIPE_FFMPEG` is not a program.
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise ResourceError(f"{ENVIRONMENT_VARIABLE}={chosen}: expected a program; mend or unset it")
        return found
    return shutil.which("ffmpeg") or _bundled_binary()


def _bundled_binary() -> str:
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ResourceError(
            f"ffmpeg not found: install it, put it on PATH, or name it in {ENVIRONMENT_VARIABLE}"
        ) from error


def file_url(path: str | Path) -> str:
    """Return a path as ffmpeg and PyAV take it: `a:b.mp4` is not a protocol, `-a.mp4` not an option."""
    return f"file:{os.path.abspath(path)}"


def ffmpeg_command(stream: Any, *options: str) -> list[str]:
    """Return the arguments that run an ffmpeg-python stream: quiet, without questions, replacing the output."""
    return [ffmpeg_binary(), *GLOBAL_OPTIONS, *options, *ffmpeg.get_args(stream)]


def run_ffmpeg(stream: Any, on_frames: Callable[[int], None] | None = None) -> None:
    """Run an ffmpeg-python stream to its end; ffmpeg is killed if we are interrupted.

    Args:
        stream: outputs are replaced, so give a path of `antpipe.files.atomic_path`.
        on_frames: called about once a second with the number of frames written so far.

    Raises:
        VideoError: if ffmpeg fails: the file, and what ffmpeg said last.
        ResourceError: if there is no ffmpeg.
    """
    options = PROGRESS_OPTIONS if on_frames else ()
    command = ffmpeg_command(stream, *options)
    with running_ffmpeg(command, place=_file_of(command)) as process:
        for line in process.lines():
            key, _, value = line.partition("=")
            if on_frames and key == "frame" and value.isdecimal():
                on_frames(int(value))


@contextlib.contextmanager
def running_ffmpeg(command: list[str], *, place: str | Path, fed: bool = False) -> Iterator["FfmpegProcess"]:
    """Start ffmpeg, yield it, and wait for its end; it is killed if the block is left by an error.

    Args:
        command: the program and its arguments.
        place: the file that errors name.
        fed: the block feeds it with `write`.

    Raises:
        VideoError: if ffmpeg fails: the file, and what ffmpeg said last.
    """
    # A file, not a pipe: nobody reads while frames are piped, and a full pipe would stop ffmpeg.
    with tempfile.TemporaryFile() as log:
        process = FfmpegProcess(command, place, log, fed)
        try:
            yield process
            process.finish()
        finally:
            process.kill()


class FfmpegProcess:
    """A running ffmpeg, and what it has said."""

    def __init__(self, command: list[str], place: str | Path, log: IO[bytes], fed: bool) -> None:
        self._place = place
        self._log = log
        stdin = subprocess.PIPE if fed else subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=log)

    def write(self, data: memoryview) -> None:
        """Feed bytes to the input `pipe:`.

        Raises:
            VideoError: if ffmpeg gave up before.
        """
        if self._process.stdin is None:
            raise ValueError("this ffmpeg reads files, not a pipe")
        try:
            self._process.stdin.write(data)
        except BrokenPipeError as error:
            raise self._failure() from error

    def lines(self) -> Iterator[str]:
        """Yield the lines that ffmpeg writes to its standard output, until it closes it."""
        for line in self._process.stdout or ():
            yield line.decode(errors="replace").strip()

    def finish(self) -> None:
        """Tell ffmpeg that no more comes, wait for its end, and raise VideoError if it failed."""
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):  # its exit code says why
                self._process.stdin.close()
        if self._process.wait():
            raise self._failure()

    def kill(self) -> None:
        """End ffmpeg at once, if it still runs, and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _failure(self) -> VideoError:
        code = self._process.wait()
        return VideoError(f"{self._place}: ffmpeg failed: {_last_words(self._log, code)}")


def _file_of(command: list[str]) -> str:
    """Return the file that a command reads."""
    return command[command.index("-i") + 1].removeprefix("file:")


def _last_words(log: IO[bytes], code: int) -> str:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LOG_TAIL))
    lines = [CONTEXT.sub("", line).strip() for line in log.read().decode(errors="replace").splitlines()]
    spoken = [line for line in lines if line and not line.startswith(FOLLOW_UPS)]
    return spoken[-1] if spoken else f"exit code {code}"
