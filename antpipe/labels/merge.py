"""Merging label files into one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import attrs
import sleap_io as sio

from antpipe.config.labels import CONFLICT_POLICIES, NodeMap
from antpipe.errors import ConfigError, LabelError
from antpipe.files import write_json
from antpipe.labels.merge_report import Report, contents, file_report, refuse_conflicts
from antpipe.labels.nodes import Source, check_node_map, renamed_nodes, renames_for, result_skeleton
from antpipe.labels.read import read_labels
from antpipe.labels.unite import unite
from antpipe.labels.videos import clean_path, file_name, labelled_video, stored_path
from antpipe.labels.write import write_labels


def merge_files(
    paths: Sequence[str | Path],
    output: str | Path,
    *,
    on_conflict: str = "error",
    node_map: NodeMap | None = None,
    report: str | Path | None = None,
    dry_run: bool = False,
) -> Report:
    """Merge label files into `output`, a SLEAP file, and return the report of `merge_labels`.

    The report is written as JSON to `report`, also when conflicts stop the merge. A dry run writes the report only,
    and conflicts do not stop it.

    Raises:
        LabelError: as `merge_labels`, and if `output` is one of the files to merge.
    """
    if any(Path(path).resolve() == Path(output).resolve() for path in paths):
        raise LabelError(f"{output}: the output is one of the label files to merge; choose another name")
    labels, result = _merge(paths, on_conflict, node_map or {})
    if report is not None:
        write_json(report, result)
    if not dry_run:
        refuse_conflicts(result)
        write_labels(output, labels)
    return result


def merge_labels(
    paths: Sequence[str | Path], *, on_conflict: str = "error", node_map: NodeMap | None = None
) -> tuple[sio.Labels, Report]:
    """Return the labels of all files as one, and a report of what came from where.

    Videos are the same if their stored paths agree, else if their file names do. Nodes are matched by name, after
    `node_map` {file name: {node in the file: node in the result, or None to leave it out}}. Frames come in the order
    of the files. Of a frame in several files equal instances are kept once and the others united; where two files
    both have user instances that the other lacks, `on_conflict` decides: `error`, `keep-first`, `keep-last` or
    `keep-both` (the same for predictions, but these never stop the merge). Empty frames, predictions, tracks (by
    name), suggestions and provenance are kept; images embedded in the files are not, their original videos are
    named instead.

    Raises:
        LabelError: if a file cannot be read, nodes differ, frames conflict (with `error`), or no user instance is left.
        ConfigError: if `on_conflict` is not one of the four.
    """
    labels, report = _merge(paths, on_conflict, node_map or {})
    refuse_conflicts(report)
    return labels, report


@dataclass(kw_only=True)
class _Frame:
    """A frame of the result while files are still being added."""

    labeled: sio.LabeledFrame
    files: list[str]


@dataclass(kw_only=True)
class _Result:
    """What the files read so far have come to."""

    skeleton: sio.Skeleton
    on_conflict: str
    videos: list[sio.Video] = field(default_factory=list)
    matches: list[list[Report]] = field(default_factory=list)
    tracks: dict[tuple[str, int], sio.Track] = field(default_factory=dict)
    frames: dict[tuple[int, int], _Frame] = field(default_factory=dict)
    suggestions: dict[tuple[int, int], sio.SuggestionFrame] = field(default_factory=dict)
    conflicts: list[Report] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def _merge(paths: Sequence[str | Path], on_conflict: str, node_map: NodeMap) -> tuple[sio.Labels, Report]:
    if on_conflict not in CONFLICT_POLICIES:
        raise ConfigError(f"on_conflict: expected one of {list(CONFLICT_POLICIES)}, got {on_conflict!r}")
    sources = _read_sources(paths, node_map)
    result = _Result(skeleton=result_skeleton(sources), on_conflict=on_conflict)
    for source in sources:
        _add_source(result, source)
    labels = _to_labels(result, sources)
    if labels.n_user_instances == 0:
        raise LabelError(
            f"expected user instances in {[s.name for s in sources]}, but there is none; label some frames"
        )
    return labels, _report(result, labels, sources)


def _read_sources(paths: Sequence[str | Path], node_map: NodeMap) -> list[Source]:
    names = [clean_path(path) for path in paths]
    if not names:
        raise LabelError("expected label files to merge, but there is none; name at least one .slp file")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LabelError(f"label files {twice} are named more than once; name each file once")
    sources = [
        Source(name=name, labels=read_labels(path), renames=renames_for(name, node_map))
        for name, path in zip(names, paths, strict=True)
    ]
    check_node_map(node_map, sources)
    return sources


def _add_source(result: _Result, source: Source) -> None:
    videos = _add_videos(result, source)
    copies = _copy_instances(result, source)
    for frame in source.labels.labeled_frames:
        video = videos[stored_path(frame.video)]
        new = sio.LabeledFrame(
            result.videos[video],
            int(frame.frame_idx),
            [copies[id(i)] for i in frame.instances],
            is_negative=frame.is_negative,
        )
        _add_frame(result, source.name, (video, new.frame_idx), new)
    for suggestion in source.labels.suggestions:
        _add_suggestion(result, videos[stored_path(suggestion.video)], suggestion)


def _add_videos(result: _Result, source: Source) -> dict[str, int]:
    # Whole paths first, so that of two videos with the same file name each finds its own.
    known = {stored_path(video): index for index, video in enumerate(result.videos)}
    videos = {stored_path(video): video for video in source.labels.videos}
    placed = {path: known[path] for path in videos if path in known}
    for path, video in videos.items():
        if path not in placed:
            placed[path] = _place_by_name(result, source, video, set(placed.values()))
    for path in videos:
        matches = result.matches[placed[path]]
        by = "path" if path in known else "file name" if matches else "first"
        matches.append({"file": source.name, "path": path, "by": by})
    return placed


def _place_by_name(result: _Result, source: Source, video: sio.Video, taken: set[int]) -> int:
    wanted = stored_path(video)
    paths = {i: stored_path(v) for i, v in enumerate(result.videos) if i not in taken}
    found = [i for i, path in paths.items() if file_name(path) == file_name(wanted)]
    if len(found) > 1:
        raise LabelError(
            f"{source.name}: video {wanted!r} could be any of {[paths[i] for i in found]} of the other files; give the "
            "videos different names in SLEAP"
        )
    if not found:
        result.videos.append(labelled_video(video))
        result.matches.append([])
        found = [len(result.videos) - 1]
    return found[0]


def _copy_instances(result: _Result, source: Source) -> dict[int, sio.Instance]:
    tracks = _add_tracks(result, source.labels)
    came_from = {id(s): renamed_nodes(s, source) for s in source.skeletons}
    copies = {}
    for frame in source.labels.labeled_frames:
        for old in frame.instances:
            points = _reordered(old, result.skeleton, came_from[id(old.skeleton)])
            track = tracks[id(old.track)] if old.track else None
            copies[id(old)] = attrs.evolve(old, points=points, skeleton=result.skeleton, track=track)
    for new in copies.values():
        new.from_predicted = copies.get(id(new.from_predicted))
    return copies


def _add_tracks(result: _Result, labels: sio.Labels) -> dict[int, sio.Track]:
    # Names need not be unique within a file: the second track of a name goes with the second of the others.
    seen: Counter[str] = Counter()
    placed = {}
    for track in labels.tracks:
        placed[id(track)] = result.tracks.setdefault((track.name, seen[track.name]), sio.Track(track.name))
        seen[track.name] += 1
    return placed


def _reordered(instance: sio.Instance, skeleton: sio.Skeleton, came_from: dict[str, str]) -> Any:
    row = {name: i for i, name in enumerate(instance.skeleton.node_names)}
    points = instance.points[[row[came_from[node]] for node in skeleton.node_names]].copy()
    points["name"] = skeleton.node_names
    return points


def _add_frame(result: _Result, file: str, key: tuple[int, int], new: sio.LabeledFrame) -> None:
    if key not in result.frames:
        result.frames[key] = _Frame(labeled=new, files=[file])
        return
    frame = result.frames[key]
    united = unite(frame.labeled.instances, new.instances, result.on_conflict)
    frame.files.append(file)
    frame.labeled.instances = united.instances
    frame.labeled.is_negative = not united.instances and (frame.labeled.is_negative or new.is_negative)
    result.counts.update(united_frames=1, same_instances=len(united.twins))
    for instance in united.instances:
        # A user instance may stem from a prediction that went because it equals one already there.
        instance.from_predicted = united.kept_twin(instance.from_predicted)
    if united.conflict:
        result.conflicts.append(_conflict(frame, result.on_conflict, *map(len, united.conflict)))


def _conflict(frame: _Frame, on_conflict: str, only_first: int, only_second: int) -> Report:
    return {
        "video": stored_path(frame.labeled.video),
        "frame_idx": frame.labeled.frame_idx,
        "files": list(frame.files),
        "only_earlier": only_first,
        "only_last": only_second,
        "resolved_by": on_conflict,
    }


def _add_suggestion(result: _Result, video: int, suggestion: sio.SuggestionFrame) -> None:
    key = (video, suggestion.frame_idx)
    if key in result.suggestions:
        result.counts["same_suggestions"] += 1
        return
    result.suggestions[key] = attrs.evolve(suggestion, video=result.videos[video])


def _to_labels(result: _Result, sources: Sequence[Source]) -> sio.Labels:
    history = [
        {"file": file_name(s.name), **{k: v for k, v in s.labels.provenance.items() if k != "filename"}}
        for s in sources
    ]
    return sio.Labels(
        labeled_frames=[frame.labeled for frame in result.frames.values()],
        videos=result.videos,
        skeletons=[result.skeleton],
        tracks=list(result.tracks.values()),
        suggestions=list(result.suggestions.values()),
        provenance={"merged_from": history},
    )


def _report(result: _Result, labels: sio.Labels, sources: Sequence[Source]) -> Report:
    return {
        "on_conflict": result.on_conflict,
        "files": [file_report(source, result.skeleton) for source in sources],
        "videos": [
            {"path": stored_path(video), "in": matches}
            for video, matches in zip(result.videos, result.matches, strict=True)
        ],
        "united_frames": result.counts["united_frames"],
        "same_instances": result.counts["same_instances"],
        "same_suggestions": result.counts["same_suggestions"],
        "conflicts": result.conflicts,
        "result": contents(labels),
    }
