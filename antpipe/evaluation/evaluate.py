"""Evaluating a file of predictions or tracks against a file of true poses."""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.errors import ConfigError, LabelError
from antpipe.evaluation.centroids import centroid_metrics
from antpipe.evaluation.frames import Frame, frame_counts, pair_all_frames, seen_instances
from antpipe.evaluation.jsonable import to_json
from antpipe.evaluation.read import FrameSet, in_common_nodes, in_truth_nodes, read_frames, with_truth_videos
from antpipe.evaluation.sequence import TrackFrame
from antpipe.evaluation.similarity import SIMILARITIES, Similarity, distance_similarity
from antpipe.evaluation.sleap_metrics import sleap_metrics
from antpipe.evaluation.strict import strict_metrics
from antpipe.evaluation.tracking import tracking_metrics

MODES = ("strict", "sleap")

Result = dict[str, Any]


def evaluate(
    truth_path: str | Path,
    predicted_path: str | Path,
    *,
    mode: str = "strict",
    body: tuple[str, str] | None = None,
    deviations: Mapping[str, float] | None = None,
) -> Result:
    """Return the metrics of predictions against the truth, ready for JSON (NaN is None).

    Both files may be label files or poses files. `strict` counts false detections, missed animals and frames without
    prediction (see `strict_metrics`); `sleap` gives SLEAP's own figures (see `sleap_metrics`). `body` names the two
    nodes between which the body length is measured, and `deviations` the spread of the labels of some nodes, as a part
    of the animal's size (see `oks`), both for `strict`; nodes that it does not name keep SLEAP's .025. Predictions of a
    single node against poses of several are the centroids of a centroid model: `strict` then compares centroids only
    (see `centroid_metrics`).

    Only user instances of the truth count, unless it has none; only predicted instances of the predictions, unless
    they have none. The result says which (`truth.instances`, `predicted.instances`), which videos were paired
    (`videos`), and which nodes only one side has and so are not compared
    (`nodes.only_in_truth`, `nodes.only_in_predicted`).

    Raises:
        ConfigError: if `mode` is unknown, the true skeleton lacks a node of `body` or `deviations`, a deviation is no
            number above 0, or there are deviations for `sleap`, which has one for all nodes.
        LabelError, PosesError: if a file cannot be read, the truth has no frames, or there is no common video or node.
    """
    if mode not in MODES:
        raise ConfigError(f"evaluate mode: expected one of {list(MODES)}, got {mode!r}")
    truth, predicted, about = _read_both(truth_path, predicted_path)
    _check_deviations(deviations or {}, truth.skeleton.nodes, mode)
    if mode == "strict" and len(predicted.skeleton.nodes) == 1 < len(truth.skeleton.nodes):
        return to_json({"mode": "strict", **about, **centroid_metrics(truth, predicted)})
    nodes = truth.skeleton.nodes
    if body is not None and not set(body) <= set(nodes):
        raise ConfigError(f"evaluate body: expected two of the nodes {list(nodes)}, got {list(body)}")
    if mode == "sleap":
        truth, predicted = in_common_nodes(truth, predicted)
        metrics = sleap_metrics(truth.frames, predicted.frames)
    else:
        compared = [node for node in nodes if node in predicted.skeleton.nodes]
        found = in_truth_nodes(truth, predicted).frames
        metrics = strict_metrics(truth.frames, found, nodes=nodes, compared=compared, body=body, deviations=deviations)
    return to_json({"mode": mode, **about, **metrics})


def evaluate_tracks(
    truth_path: str | Path,
    tracked_path: str | Path,
    *,
    similarity: str | None = None,
    scale: float | None = None,
) -> Result:
    """Return identity metrics of tracks against true identities, ready for JSON (NaN is None).

    Both files may be label files or poses files, or both MOTChallenge text (`.txt`). `similarity` is `distance`
    (1 - mean distance of nodes / `scale`; for None the longest side of the animal's box), `oks`, or `iou` of boxes;
    None takes `iou` for MOTChallenge text and `distance` for poses. See `tracking_metrics` for the figures.

    All true frames count, also those in which nothing is tracked. Instances without a visible node, and tracked
    ones without a track, are left out; a true instance without a track is an animal of that one frame.
    `untracked.truth` and `untracked.tracked` say how many these are.

    Raises:
        ConfigError: if `similarity` is unknown, or `scale` does not go with it.
        LabelError, PosesError: if a file cannot be read, the truth has no tracks, or there is no common video or node.
    """
    truth, tracked, about = _read_both(truth_path, tracked_path)
    name = similarity or ("iou" if truth.instances == "boxes" else "distance")
    measure = _measure(name, scale)
    if name == "distance":
        # All true nodes stay, as they give the animal its size.
        tracked = in_truth_nodes(truth, tracked)
    else:
        truth, tracked = in_common_nodes(truth, tracked)
    pairs = [(seen_instances(t), seen_instances(p)) for t, p in pair_all_frames(truth.frames, tracked.frames)]
    if not any(any(t.tracks) for t, _ in pairs):
        raise LabelError(f"{truth_path}: expected true tracks, but no instance has one; assign tracks in SLEAP")
    with_track = [_only_tracked(p) for _, p in pairs]
    metrics = tracking_metrics([_named(t) for t, _ in pairs], [_named(p) for p in with_track], similarity=measure)
    counts = {
        "similarity": name,
        **frame_counts(truth.frames, tracked.frames),
        "untracked.truth": sum(t.tracks.count(None) for t, _ in pairs),
        "untracked.tracked": sum(p.tracks.count(None) for _, p in pairs),
    }
    return to_json({**about, **counts, **metrics})


def _read_both(truth_path: str | Path, predicted_path: str | Path) -> tuple[FrameSet, FrameSet, Result]:
    truth = read_frames(truth_path, prefer="user")
    labelled = {frame.frame_idx for frame in truth.frames}
    predicted = read_frames(predicted_path, prefer="predicted", only=labelled)
    if not truth.frames:
        raise LabelError(
            f"{truth_path}: expected labelled frames to compare with, but there is none; label some frames"
        )
    predicted, videos = with_truth_videos(truth, predicted)
    ours, theirs = truth.skeleton.nodes, predicted.skeleton.nodes
    if not set(ours) & set(theirs) and len(theirs) > 1:
        raise LabelError(
            f"{predicted_path}: expected the nodes {list(ours)} of {truth_path}, got {list(theirs)}; evaluate "
            "predictions of a model trained on these labels"
        )
    return (
        truth,
        predicted,
        {
            "truth.instances": truth.instances,
            "predicted.instances": predicted.instances,
            "videos": [{"truth": video, "predicted": other} for video, other in videos.items()],
            "nodes.only_in_truth": [node for node in ours if node not in theirs],
            "nodes.only_in_predicted": [node for node in theirs if node not in ours],
        },
    )


def _check_deviations(deviations: Mapping[str, float], nodes: Sequence[str], mode: str) -> None:
    unknown = [node for node in deviations if node not in nodes]
    if unknown:
        raise ConfigError(f"evaluate deviations: expected some of the nodes {list(nodes)}, got {unknown}")
    wrong = {node: value for node, value in deviations.items() if not (np.isfinite(value) and value > 0)}
    if wrong:
        raise ConfigError(
            f"evaluate deviations: expected parts of the animal's size above 0 such as 0.025, got {wrong}"
        )
    if deviations and mode != "strict":
        raise ConfigError("evaluate deviations: expected none with mode sleap, whose OKS has one for all; use strict")


def _measure(name: str, scale: float | None) -> Similarity:
    if name not in SIMILARITIES:
        raise ConfigError(f"evaluate-tracks similarity: expected one of {list(SIMILARITIES)}, got {name!r}")
    if scale is None:
        return SIMILARITIES[name]
    if name != "distance" or scale <= 0:
        raise ConfigError(
            f"evaluate-tracks scale: expected pixels above 0, with distance only, got {scale} with {name}"
        )
    return partial(distance_similarity, scale=scale)


def _only_tracked(frame: Frame) -> Frame:
    return frame.with_instances(np.array([track is not None for track in frame.tracks], bool))


def _named(frame: Frame) -> TrackFrame:
    # Tracks of the same name in two videos are two tracks.
    names: list[Hashable] = [
        (frame.video, (frame.frame_idx, i) if track is None else track) for i, track in enumerate(frame.tracks)
    ]
    return names, frame.points
