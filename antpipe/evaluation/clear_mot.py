"""CLEAR MOT: accuracy of detections and identity switches together."""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.evaluation.sequence import EPS, TrackSequence
from antpipe.geometry import Array

SAME = 0.5
"""Similarity from which on two instances are the same animal."""
CONTINUE = 1000
"""Bonus for keeping the track of the frame before: more than any sum of similarities of one frame."""


def clear_mot(sequence: TrackSequence) -> dict[str, Any]:
    """Return MOTA and its parts, as TrackEval defines them.

    An id switch is an animal matched with another track than when it was last matched; a fragment, one that is
    matched again after a frame without. As in TrackEval, frames in which nothing is tracked break no track.
    `mostly_tracked` animals are matched in more than 80 % of their frames, `mostly_lost` ones in less than 20 %.
    """
    last = np.full(sequence.identities, -1)
    previous = np.full(sequence.identities, -1)
    begun, present, matched = (np.zeros(sequence.identities, int) for _ in range(3))
    tp = switches = 0
    similar = 0.0
    for truth, tracked, similarity in sequence.frames():
        present[truth] += 1
        if not len(truth) or not len(tracked):
            continue
        rows, columns = _match(similarity, tracked == previous[truth][:, None])
        animals, tracks = truth[rows], tracked[columns]
        switches += int(((last[animals] >= 0) & (last[animals] != tracks)).sum())
        begun[animals] += previous[animals] < 0
        matched[animals] += 1
        last[animals] = tracks
        previous[:] = -1
        previous[animals] = tracks
        tp += len(animals)
        similar += float(similarity[rows, columns].sum())
    fragments = int(np.maximum(begun - 1, 0).sum())
    return {**_summary(sequence, tp, switches, similar), "fragments": fragments, **_coverage(matched / present)}


def _match(similarity: Array, same_track: Array) -> tuple[Array, Array]:
    allowed = similarity >= SAME - EPS
    value = np.where(allowed, CONTINUE * same_track + similarity, 0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    kept = allowed[rows, columns]
    return rows[kept], columns[kept]


def _summary(sequence: TrackSequence, tp: int, switches: int, similar: float) -> dict[str, Any]:
    animals, found = (sum(map(len, ids)) for ids in (sequence.truth, sequence.tracked))
    return {
        "MOTA": (tp - (found - tp) - switches) / animals if animals else np.nan,
        "MOTP": similar / tp if tp else np.nan,
        "id_switches": switches,
        "tp": tp,
        "fp": found - tp,
        "fn": animals - tp,
        "precision": tp / found if found else np.nan,
        "recall": tp / animals if animals else np.nan,
    }


def _coverage(ratio: Array) -> dict[str, int]:
    mostly, lost = int((ratio > 0.8).sum()), int((ratio < 0.2).sum())
    return {"mostly_tracked": mostly, "partly_tracked": len(ratio) - mostly - lost, "mostly_lost": lost}
