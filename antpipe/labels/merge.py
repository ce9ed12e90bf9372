"""Merging label files into one."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import sleap_io as sio

from antpipe.config.labels import CONFLICT_POLICIES, NodeMap
from antpipe.errors import ConfigError, LabelError
from antpipe.files import write_json
from antpipe.labels.locate import Places
from antpipe.labels.merge_report import Report, make_report, refuse_conflicts
from antpipe.labels.merge_result import MergeResult
from antpipe.labels.nodes import result_skeleton
from antpipe.labels.read import set_path
from antpipe.labels.source import Source, read_sources
from antpipe.labels.write import write_labels


def merge_files(
    paths: Sequence[str | Path],
    output: str | Path,
    *,
    on_conflict: str = "error",
    node_map: NodeMap | None = None,
    report: str | Path | None = None,
    dry_run: bool = False,
    places: Places | None = None,
) -> Report:
    """Merge label files into `output`, a SLEAP file, and return the report of `merge_labels`.

    The report is written as JSON to `report`, also when conflicts stop the merge. A dry run writes the report only,
    and conflicts do not stop it. Videos that are at hand are named relative to `output`, so that a folder with videos
    and labels can be moved.

    Raises:
        LabelError: as `merge_labels`, and if `output` is one of the files to merge.
    """
    if any(Path(path).resolve() == Path(output).resolve() for path in paths):
        raise LabelError(f"{output}: the output is one of the label files to merge; choose another name")
    sources = read_sources(paths, node_map or {}, places or Places())
    return merge_sources(sources, output, on_conflict=on_conflict, report=report, dry_run=dry_run)


def merge_labels(
    paths: Sequence[str | Path],
    *,
    on_conflict: str = "error",
    node_map: NodeMap | None = None,
    places: Places | None = None,
) -> tuple[sio.Labels, Report]:
    """Return the labels of all files as one, and a report of what came from where.

    Files may be SLEAP's or any that sleap-io reads. Videos are the same if their paths agree, as stored or as found
    in `places`, else if their file names do, else if the files are at hand and hold the same; the report says which,
    and names videos with labels that are nowhere. Nodes are matched by name, after `node_map` {file name: {node in the
    file: node in the result, or None to leave it out}}. Frames come in the order of the files. Of a frame in several
    files equal instances are kept once and the others united; where two files both have user instances that the
    other lacks, `on_conflict` decides: `error`, `keep-first`, `keep-last` or `keep-both` (the same for predictions,
    but these never stop the merge). Several entries for one frame in one file are united. Empty frames, predictions,
    tracks (by name), suggestions and provenance are kept; instances without coordinates are not. Images embedded in
    the files are kept where the video they are from is nowhere to be found, and one file holds those of all labelled
    frames; else the video is named instead.

    Raises:
        LabelError: if a file cannot be read, nodes differ, frames conflict (with `error`), or no user instance is left.
        ConfigError: if `on_conflict` is not one of the four.
    """
    labels, report = combine(read_sources(paths, node_map or {}, places or Places()), on_conflict)
    refuse_conflicts(report)
    return labels, report


def merge_sources(
    sources: Sequence[Source],
    output: str | Path,
    *,
    on_conflict: str,
    report: str | Path | None = None,
    dry_run: bool = False,
    known_videos: Collection[str] = (),
) -> Report:
    """Merge label files that were read already, as `merge_files` does.

    `known_videos` are stored paths of videos that will be found later, such as those of a project.
    """
    labels, result = combine(sources, on_conflict, known_videos)
    if report is not None:
        write_json(report, result)
    if not dry_run:
        refuse_conflicts(result)
        for video in labels.videos:
            _name_relative(video, Path(output).parent)
        write_labels(output, labels, images=True)
    return result


def combine(
    sources: Sequence[Source], on_conflict: str, known_videos: Collection[str] = ()
) -> tuple[sio.Labels, Report]:
    """Return the labels of several files as one, and the report; conflicts are in the report."""
    if on_conflict not in CONFLICT_POLICIES:
        raise ConfigError(f"on_conflict: expected one of {list(CONFLICT_POLICIES)}, got {on_conflict!r}")
    result = MergeResult(skeleton=result_skeleton(sources), on_conflict=on_conflict)
    for source in sources:
        result.add(source)
    labels = result.to_labels(sources, known_videos)
    if labels.n_user_instances == 0:
        raise LabelError(
            f"expected user instances in {[s.name for s in sources]}, but there is none; label some frames"
        )
    return labels, make_report(result, labels, sources, known_videos)


def _name_relative(video: sio.Video, folder: Path) -> None:
    if video.backend_metadata.get("filename") == ".":
        return
    if isinstance(video.filename, list):
        set_path(video, [_relative(path, folder) for path in video.filename])
    else:
        set_path(video, _relative(video.filename, folder))


def _relative(path: str, folder: Path) -> str:
    """Return the path of a file from a folder; a path that leads to no file, or to another drive, stays."""
    if not os.path.isfile(path):
        return path
    try:
        return Path(os.path.relpath(os.path.realpath(path), os.path.realpath(folder))).as_posix()
    except ValueError:
        return path
