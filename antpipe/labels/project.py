"""The labels of a project: merged, and checked against its videos before anything expensive starts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from antpipe.config.labels import MergeConfig
from antpipe.labels.locate import Places
from antpipe.labels.merge import merge_sources
from antpipe.labels.project_videos import match_videos
from antpipe.labels.read import skeleton_of
from antpipe.labels.source import read_sources
from antpipe.labels.videos import stored_path


def merge_project(
    paths: Sequence[str | Path], output: str | Path, report: str | Path, config: MergeConfig, videos: Mapping[str, str]
) -> None:
    """Merge the label files of a project into `output`.

    Raises:
        LabelError: as `merge_files` and `find_videos`: if files conflict, or labelled videos are not in the project;
            these are named all at once, each with the files and the number of frames that need it.
    """
    sources = read_sources(paths, config.map_nodes, Places.of(config))
    for source in sources:
        skeleton_of(source.labels)
    # Labels may name the preprocessed video, which has the raw one's name but another suffix.
    aliases = {name: [f"{name}.mp4"] for name in videos}
    located = [{stored: found.path.as_posix() for stored, found in source.located.items()} for source in sources]
    project = {name: Path(video) for name, video in videos.items()}
    matched = match_videos([source.labels for source in sources], project, aliases, located)
    known = {stored_path(s.labels.videos[i]) for s, found in zip(sources, matched, strict=True) for i in found}
    merge_sources(sources, output, on_conflict=config.on_conflict, report=report, known_videos=known)
