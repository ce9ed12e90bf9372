"""What a merge of label files reports."""

from typing import Any

import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.nodes import Source, different_edges
from antpipe.labels.videos import file_name, is_embedded

Report = dict[str, Any]

# Kinds of annotation that a pose data set does not use; a merge counts them and leaves them out.
FRAME_EXTRAS = ("centroids", "bboxes", "masks", "label_images", "rois")
FILE_EXTRAS = ("sessions", "events", "static_rois")


def file_report(source: Source, skeleton: sio.Skeleton) -> Report:
    """Return what one file of a merge holds, how its skeleton differs from the result's, and what is left out."""
    frames = source.labels.labeled_frames
    left_out = {name: sum(len(getattr(f, name)) for f in frames) for name in FRAME_EXTRAS}
    left_out |= {name: len(getattr(source.labels, name)) for name in FILE_EXTRAS}
    left_out["videos_with_embedded_images"] = sum(map(is_embedded, source.labels.videos))
    return {
        "file": source.name,
        **contents(source.labels),
        "renamed": dict(source.renames),
        **different_edges(skeleton, source),
        "left_out": {name: count for name, count in left_out.items() if count},
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
