"""The labels of a project: merged, and checked against its videos before anything expensive starts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from antpipe.config.labels import MergeConfig
from antpipe.labels.merge import merge_files
from antpipe.labels.read import find_videos, read_labels, skeleton_of


def merge_project(
    paths: Sequence[str | Path], output: str | Path, report: str | Path, config: MergeConfig, videos: Mapping[str, str]
) -> None:
    """Merge the label files of a project into `output`.

    Raises:
        LabelError: as `merge_files` and `find_videos`: if files conflict, or a labelled video is not in the project.
    """
    # Labels may name the preprocessed video, which has the raw one's name but another suffix.
    aliases = {name: [f"{name}.mp4"] for name in videos}
    for path in paths:
        labels = read_labels(path)
        skeleton_of(labels)
        find_videos(labels, {name: Path(video) for name, video in videos.items()}, aliases)
    merge_files(paths, output, on_conflict=config.on_conflict, node_map=config.map_nodes, report=report)
