"""What a merge of label files reports."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.foreign import NOT_FOUND
from antpipe.labels.merge_result import MergeResult
from antpipe.labels.nodes import different_edges
from antpipe.labels.source import Source
from antpipe.labels.videos import file_name, has_own_images, stored_path

Report = dict[str, Any]

# Kinds of annotation that a pose data set does not use; a merge counts them and leaves them out.
FRAME_EXTRAS = ("centroids", "bboxes", "masks", "label_images", "rois")
FILE_EXTRAS = ("sessions", "events", "static_rois")
COUNTS = ("united_frames", "repeated_frames", "same_instances", "same_suggestions", "negative_frames_with_animals")


def make_report(
    result: MergeResult, labels: sio.Labels, sources: Sequence[Source], known_videos: Collection[str]
) -> Report:
    """Return what came from where, how every video was recognised, what was dropped, and what conflicts.

    `missing_videos` lists each video with labels that is nowhere, with the labelled frames of each file that need it.
    """
    films = list(zip(result.films, labels.videos, strict=True))
    return {
        "on_conflict": result.on_conflict,
        "files": [_file_report(s, result.skeleton, result.left_out[s.name]) for s in sources],
        "videos": [{"path": stored_path(video), "in": film.matches} for film, video in films],
        "missing_videos": [
            {"path": film.paths[0], "labelled_frames": dict(+film.labelled)}
            for film, video in films
            if +film.labelled and not film.is_within_reach(known_videos) and not has_own_images(video)
        ],
        **{name: result.counts[name] for name in COUNTS},
        "conflicts": result.conflicts,
        "result": contents(labels),
    }


def contents(labels: sio.Labels) -> Report:
    """Return how many frames, instances, tracks and suggestions the labels hold."""
    return {
        "frames": len(labels.labeled_frames),
        "empty_frames": sum(not frame.instances for frame in labels.labeled_frames),
        "user_instances": labels.n_user_instances,
        "predicted_instances": labels.n_pred_instances,
        "tracks": len(labels.tracks),
        "suggestions": len(labels.suggestions),
    }


def refuse_conflicts(report: Report) -> None:
    """Refuse a merge whose conflicts nobody has decided.

    Raises:
        LabelError: naming frames and files, if there are conflicts and the policy is `error`.
    """
    conflicts = report["conflicts"]
    if conflicts and report["on_conflict"] == "error":
        examples = ", ".join(f"{file_name(c['video'])} frame {c['frame_idx']}" for c in conflicts[:5])
        more = f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
        files = sorted({file for c in conflicts for file in c["files"]})
        raise LabelError(
            f"{len(conflicts)} frames are labelled differently in {files}: {examples}{more}; correct them in SLEAP, or "
            "choose --on-conflict keep-first, keep-last or keep-both"
        )


def _file_report(source: Source, skeleton: sio.Skeleton, dropped: Mapping[str, int]) -> Report:
    """Return what one file of a merge holds, how its skeleton differs from the result's, and what is left out."""
    frames = source.labels.labeled_frames
    left_out = {name: sum(len(getattr(f, name)) for f in frames) for name in FRAME_EXTRAS}
    left_out |= {name: len(getattr(source.labels, name)) for name in FILE_EXTRAS}
    left_out |= {**dropped, NOT_FOUND: source.labels.provenance.get(NOT_FOUND, 0)}
    return {
        "file": source.name,
        **contents(source.labels),
        "renamed": dict(source.renames),
        **different_edges(skeleton, source),
        "left_out": {name: count for name, count in left_out.items() if count},
    }
