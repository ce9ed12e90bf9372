"""The figures by which runs are compared: what each says, which way is better, and what a difference is judged by."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

LARGEST = sys.float_info.max
BODY = "body"
"""The unit of radii that are parts of the median body length."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure of a run on one part of the split."""

    words: str
    """Its name for people, with the unit."""
    higher: bool
    """Whether higher is better."""
    judged_by: str | None = None
    """The value per frame (see `Part.by_frame`) that tells whether a difference of this measure means anything; None
    where there is nothing of the kind."""


MEASURES = {
    "oks_voc.mAP": Measure(words="OKS mAP", higher=True, judged_by="oks.mOKS"),
    "oks_voc.mAR": Measure(words="OKS mAR", higher=True, judged_by="oks.mOKS"),
    "oks.mOKS": Measure(words="mean OKS", higher=True, judged_by="oks.mOKS"),
    "pck_voc.mAP": Measure(words="PCK mAP", higher=True, judged_by="pck.mPCK"),
    "pck_voc.mAR": Measure(words="PCK mAR", higher=True, judged_by="pck.mPCK"),
    "pck.mPCK": Measure(words="nodes within 1 to 10 px (mean PCK)", higher=True, judged_by="pck.mPCK"),
    "dist.avg": Measure(words="mean error (px)", higher=False, judged_by="dist.avg"),
    "dist.p50": Measure(words="median error (px)", higher=False, judged_by="dist.p50"),
    # A percentile above the median is a matter of the few large errors, and so is the mean.
    "dist.p75": Measure(words="75th percentile of errors (px)", higher=False, judged_by="dist.avg"),
    "dist.p90": Measure(words="90th percentile of errors (px)", higher=False, judged_by="dist.avg"),
    "dist.p95": Measure(words="95th percentile of errors (px)", higher=False, judged_by="dist.avg"),
    "dist.p99": Measure(words="99th percentile of errors (px)", higher=False, judged_by="dist.avg"),
    "vis.precision": Measure(words="precision of visible nodes", higher=True),
    "vis.recall": Measure(words="recall of visible nodes", higher=True),
    "instances.precision": Measure(words="precision of animals", higher=True, judged_by="instances.precision"),
    "instances.recall": Measure(words="recall of animals", higher=True, judged_by="instances.recall"),
    "detection.precision": Measure(words="precision of centroids", higher=True),
    "detection.recall": Measure(words="recall of centroids", higher=True),
    "detection.ap": Measure(words="average precision of centroids", higher=True),
    "detection.f1": Measure(words="F1 of centroids", higher=True),
    "detection.distance": Measure(words="mean distance of centroids (px)", higher=False),
    "detection.count_error": Measure(words="miscounted animals per frame", higher=False),
}
"""By key. Those of `detection` that depend on a radius are asked for with it: `detection.f1@5px`."""


def find_measure(name: str) -> Measure | None:
    """Return the measure of a key such as `dist.avg` or `detection.f1@5px`; None if there is no such measure."""
    base, at, radius = name.partition("@")
    measure = MEASURES.get(base)
    if measure is None or not at:
        return measure
    reach = radius.replace("px", " px").replace(BODY, " of the body length")
    return replace(measure, words=f"{measure.words} within {reach}")


def scalars(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures among metrics that are single numbers, lists over radii taken apart; no NaN.

    `detection.f1` at a radius of 5 px becomes `detection.f1@5px`. Where the metrics know the body length the radii are
    parts of it, so that runs on animals of other sizes have the same keys: `detection.f1@0.25body`.
    """
    found = {key: value for key, value in metrics.items() if not key.startswith("bootstrap.")}
    radii = metrics.get("detection.radii")
    body = metrics.get("body_length.median")
    for key, values in metrics.items():
        if key.startswith("detection.") and key != "detection.radii" and isinstance(values, list):
            found |= {f"{key}@{_radius(r, body)}": v for r, v in zip(radii or [], values, strict=False)}
    return {key: _plain(value) for key, value in found.items() if _is_number(value)}


def _radius(radius: float, body: float | None) -> str:
    return f"{radius:g}px" if not body else f"{radius / body:.3g}{BODY}"


def _plain(value: Any) -> float:
    # Counts stay whole numbers.
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    # A whole number that no float can hold is none of ours.
    return number and abs(value) <= LARGEST
