"""Precision, recall and average precision over similarity thresholds."""

from typing import Any

import numpy as np

from antpipe.geometry import Array

MATCH_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_THRESHOLDS = np.linspace(0, 1, 101)


def average_precision(hits: Array, positives: int) -> dict[str, Any]:
    """Return precisions, recalls and their averages for hits (thresholds, predictions), best score first.

    `positives` is the number of true instances. Precision is made non-increasing in recall and read at 101 recalls
    (0 where the recall is never reached); AP is its mean, AR the last recall, mAP and mAR the means over thresholds.
    NaN where there is no true instance.
    """
    true, false = np.cumsum(hits, axis=1), np.cumsum(~hits, axis=1)
    precisions = interpolated_precision(true, false, np.full(len(hits), positives))
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = np.asarray(hits.sum(axis=1) / np.float64(positives))
    ap = precisions.mean(axis=1)
    return {"precisions": precisions, "recalls": ends, "AP": ap, "AR": ends, "mAP": ap.mean(), "mAR": ends.mean()}


def interpolated_precision(true: Array, false: Array, positives: Array) -> Array:
    """Return the precision (curves, 101) at 101 recalls for counts (curves, ranks) of hits and misses up to each rank.

    `positives` (curves,) is the number of true instances. NaN where there is none.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = true / positives.astype(np.float64)[:, None]
    precision = true / (false + true + np.spacing(1))
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    precisions = np.array([_read_off(r, p) for r, p in zip(recall, precision, strict=True)])
    precisions[positives == 0] = np.nan
    return precisions


def _read_off(recall: Array, precision: Array) -> Array:
    index = np.searchsorted(recall, RECALL_THRESHOLDS, side="left")
    return np.append(precision, 0)[index]
