"""Finished chunks of a long prediction, kept until the whole is there."""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from antpipe.errors import PosesError, VideoError
from antpipe.inference.frames import join_ranges
from antpipe.poses import PosesInfo
from antpipe.poses_file import iter_poses, read_info, write_poses_to

FOLDER = ".resume"
"""Beside the result; Snakemake does not know it, and so does not delete it when a job is killed."""


@dataclass(frozen=True)
class Chunks:
    """The folder of the finished chunks of one result."""

    folder: Path

    def path(self, number: int) -> Path:
        """Return where a chunk's poses go."""
        return self.folder / f"{number:06}.parquet"

    def finished(self) -> list[int]:
        """Return the numbers of the chunks that are there; chunks of a broken video are deleted.

        What is wrong with a video is known once it is read from its beginning, so such a prediction begins anew.
        """
        paths = self.paths()
        if any("problems" in read_info(path).provenance for path in paths):
            for path in paths:
                path.unlink()
            return []
        return [int(path.stem) for path in paths]

    def paths(self) -> list[Path]:
        """Return the files of the chunks that are there, in order."""
        return sorted(self.folder.glob("[0-9]*.parquet"))


@contextlib.contextmanager
def open_chunks(output: str | Path, key: str) -> Iterator[Chunks]:
    """Yield the folder for chunks of `output`; it goes when the block ends without error.

    What a killed process left is taken up where it was made from the same things, as `key` tells, and deleted else.
    """
    place = Path(output).parent / FOLDER / Path(output).name
    folder = place / hashlib.sha256(key.encode()).hexdigest()[:16]
    for other in place.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield Chunks(folder)
        shutil.rmtree(folder)
    finally:
        # Folders with something in them stay: the chunks of this result, or those of another one.
        with contextlib.suppress(OSError):
            for empty in (folder, place, place.parent):
                if empty.exists():
                    empty.rmdir()


def join_poses(paths: Sequence[str | Path], output: str | Path, problems: Sequence[str] | None = None) -> None:
    """Write poses files about parts of one video, in frame order, as one; memory is that of one row group.

    The bytes depend on what the files hold together, not on where one ends and the next begins.

    Args:
        paths: the files.
        output: the whole.
        problems: what is wrong with the video; by default what the files say of it.

    Raises:
        PosesError: if the files are not about one video, made in one way.
        VideoError: if none of the frames asked for could be read.
    """
    infos = [read_info(path) for path in paths]
    for path, info in zip(paths, infos, strict=True):
        if _without_frames(info) != _without_frames(infos[0]):
            raise PosesError(f"{path}: expected a part of the same prediction as {paths[0]}; predict all parts anew")
    told = dict.fromkeys(problem for info in infos for problem in info.provenance.get("problems", ()))
    whole = _joined(infos, list(told) if problems is None else problems)
    if not whole.frames:
        raise VideoError(f"{whole.video.path}: none of the frames asked for could be read; look at it in a player")
    with write_poses_to(output, whole) as writer:
        for path in paths:
            for poses in iter_poses(path):
                writer.write(replace(poses, info=whole))


def _joined(infos: Sequence[PosesInfo], problems: Sequence[str]) -> PosesInfo:
    whole = _without_frames(infos[0])
    record = {**whole.provenance, "problems": list(problems)} if problems else whole.provenance
    return replace(whole, frames=join_ranges(limits for info in infos for limits in info.frames), provenance=record)


def _without_frames(info: PosesInfo) -> PosesInfo:
    record = {key: value for key, value in info.provenance.items() if key != "problems"}
    return replace(info, frames=(), provenance=record)
