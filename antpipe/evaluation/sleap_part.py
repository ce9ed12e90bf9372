"""What a run folder of SLEAP stores about one part of its split, with values per frame and intervals worked out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.errors import ModelError, reason
from antpipe.evaluation.bootstrap import SEED
from antpipe.evaluation.curves import MATCH_THRESHOLDS
from antpipe.evaluation.intervals import intervals
from antpipe.evaluation.measures import scalars
from antpipe.evaluation.npz import read_metrics
from antpipe.evaluation.part import Part, finite, stored_intervals
from antpipe.evaluation.scene import Scene
from antpipe.evaluation.sleap_metrics import distance_summary
from antpipe.geometry import Array
from antpipe.labels.split import FrameKey
from antpipe.labels.videos import clean_path, file_name

MODE = "SLEAP"
"""How SLEAP's own metrics were measured; ours say it themselves."""


def read_sleap_part(path: Path, nodes: Sequence[str]) -> Part:
    """Return what SLEAP's `metrics.{part}.npz` says, without running what is in it.

    Intervals and values per frame are over matched pairs only, as SLEAP's own figures are: it does not store what was
    missed. A metrics file of before 1.3, which does not name the frames of its pairs, has neither.

    Args:
        path: the file.
        nodes: of the model, in the order of its maps; none for a centroid model.

    Raises:
        ModelError: if the file cannot be read safely, or is not as SLEAP writes it.
    """
    metrics = read_metrics(path)
    try:
        return _from_pickle(metrics, nodes)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        raise ModelError(
            f"{path}: expected metrics as SLEAP writes them, but their content is another ({reason(error)}); evaluate "
            "the model again"
        ) from error


def _from_pickle(metrics: Mapping[str, Any], nodes: Sequence[str]) -> Part:
    distances = metrics["dist.dists"]
    if distances.ndim != 2:
        raise ValueError(f"dist.dists has {distances.ndim} dimensions")
    keys = _pair_keys(metrics, len(distances))
    rows: dict[FrameKey, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    scores = _pair_scores(metrics, len(distances))
    # A centroid model has no nodes of its own; its stored poses have those of the labels.
    named = nodes if len(nodes) == distances.shape[1] else ()
    return Part(
        mode=MODE,
        values=scalars(metrics),
        intervals=_intervals(metrics, distances, scores, rows) if named else {},
        frames=frozenset(keys),
        by_frame=_by_frame(distances, scores, rows),
        node_errors={name: distance_summary(distances[:, i]) for i, name in enumerate(named)},
    )


def _pair_keys(metrics: Mapping[str, Any], pairs: int) -> list[FrameKey]:
    """Return the frame of each matched pair; none where an older SLEAP did not store it."""
    paths, indices = metrics.get("dist.video_paths", []), metrics.get("dist.frame_idxs", [])
    if not len(paths) == len(indices) == pairs:
        return []
    count = Counter(file_name(path) for path in set(paths))
    names = {path: file_name(path) if count[file_name(path)] == 1 else clean_path(path) for path in set(paths)}
    return [(names[path], int(index)) for path, index in zip(paths, indices, strict=True)]


def _pair_scores(metrics: Mapping[str, Any], pairs: int) -> dict[str, Array]:
    """Return PCK and OKS per pair, as far as they can be told.

    The file keeps OKS by falling detection score, not in the order of the pairs. But PCK is kept both ways, and where
    its two orders are the same, as for centred models whose scores are all 1, so is the order of OKS.
    """
    pcks, sorted_pck, sorted_oks = (metrics[k] for k in ("pck.pcks", "pck_voc.match_scores", "oks_voc.match_scores"))
    if not len(pcks) == len(sorted_pck) == len(sorted_oks) == pairs:
        raise ValueError(f"values of other than {pairs} pairs")
    of_pair = pcks.mean(axis=-1).mean(axis=-1)
    return {"pck.mPCK": of_pair} | ({"oks.mOKS": sorted_oks} if np.array_equal(of_pair, sorted_pck) else {})


def _by_frame(
    distances: Array, scores: Mapping[str, Array], rows: Mapping[FrameKey, list[int]]
) -> dict[str, dict[FrameKey, float]]:
    summaries = {key: distance_summary(distances[of_frame]) for key, of_frame in rows.items()}
    values = {f"dist.{name}": finite((key, s[name]) for key, s in summaries.items()) for name in ("avg", "p50")}
    means = {name: finite((k, of_pair[r].mean()) for k, r in rows.items()) for name, of_pair in scores.items()}
    return values | means


def _intervals(
    metrics: Mapping[str, Any], distances: Array, scores: Mapping[str, Array], rows: Mapping[FrameKey, list[int]]
) -> dict[str, tuple[float, float]]:
    """Return the intervals of the figures that follow from matched pairs alone."""
    if not rows:
        return {}
    similarity = scores.get("oks.mOKS", np.zeros(len(distances)))
    found = stored_intervals(intervals([_scene(k, distances[r], similarity[r]) for k, r in rows.items()], SEED))
    sound = ["dist.avg", "dist.p50", "dist.p90"]
    if "oks.mOKS" in scores:
        sound.append("oks.mOKS")
        # The average precision counts missed animals, too; so it follows from the pairs where none was missed.
        if np.array_equal(metrics["oks_voc.recalls"], (similarity >= MATCH_THRESHOLDS[:, None]).mean(axis=1)):
            sound.append("oks_voc.mAP")
    return {key: found[key] for key in sound if key in found}


def _scene(key: FrameKey, distances: Array, similarity: Array) -> Scene:
    """Return the matched pairs of a frame as a scene in which nothing else is; of equal score, as centred models'."""
    pairs = np.arange(len(distances))
    nowhere = np.full((*distances.shape, 2), np.nan)
    return Scene(
        video=key[0],
        frame_idx=key[1],
        truth=nowhere,
        predicted=nowhere,
        scores=np.ones(len(pairs)),
        lengths=np.ones(len(pairs)),
        hits=similarity >= MATCH_THRESHOLDS[:, None],
        found=pairs,
        by=pairs,
        distance=distances,
        similarity=similarity,
        point_scores=np.full(distances.shape, np.nan),
    )
