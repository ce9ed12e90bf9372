"""HOTA: detection and association in balance (Luiten et al. 2021)."""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.evaluation.sequence import EPS, TrackSequence
from antpipe.geometry import Array

ALPHAS = np.arange(0.05, 0.99, 0.05)
"""Similarities from which on two instances match; the figures are means over all of them."""


def hota_metrics(sequence: TrackSequence) -> dict[str, Any]:
    """Return HOTA and its parts, as TrackEval computes them; `HOTA.curve` has HOTA at each of `HOTA.alphas`.

    Where nothing matches, localisation (`LocA`) is 1, as in TrackEval.
    """
    animals = np.bincount(np.concatenate([*sequence.truth, []]).astype(int), minlength=sequence.identities)[:, None]
    found = np.bincount(np.concatenate([*sequence.tracked, []]).astype(int), minlength=sequence.tracks)[None]
    if not animals.sum():
        names = ("HOTA", "DetA", "AssA", "DetRe", "DetPr", "AssRe", "AssPr", "LocA")
        return {**dict.fromkeys(names, np.nan), "HOTA.alphas": ALPHAS, "HOTA.curve": np.full(len(ALPHAS), np.nan)}
    matches, similar = _count_matches(sequence, _alignment(sequence, animals, found))
    tp = matches.sum(axis=(1, 2))
    either = animals + found - matches
    curves = {
        "DetA": tp / (animals.sum() + found.sum() - tp),
        "AssA": _per_match(matches, either, tp),
        "DetRe": tp / animals.sum(),
        "DetPr": tp / max(found.sum(), 1),
        "AssRe": _per_match(matches, animals, tp),
        "AssPr": _per_match(matches, found, tp),
        "LocA": np.where(tp > 0, similar / np.maximum(tp, 1), 1),
    }
    hota = np.sqrt(curves["DetA"] * curves["AssA"])
    means = {name: float(curve.mean()) for name, curve in {"HOTA": hota, **curves}.items()}
    return {**means, "HOTA.alphas": ALPHAS, "HOTA.curve": hota}


def _alignment(sequence: TrackSequence, animals: Array, found: Array) -> Array:
    """Return how well each track fits each animal over all frames (identities, tracks)."""
    shared = np.zeros((sequence.identities, sequence.tracks))
    for truth, tracked, similarity in sequence.frames():
        either = similarity.sum(axis=0)[None] + similarity.sum(axis=1)[:, None] - similarity
        shared[np.ix_(truth, tracked)] += np.where(either > EPS, similarity / np.where(either > EPS, either, 1), 0)
    return shared / (animals + found - shared)


def _count_matches(sequence: TrackSequence, alignment: Array) -> tuple[Array, Array]:
    """Return the frames in which animal and track match (alphas, identities, tracks), and summed similarities."""
    matches = np.zeros((len(ALPHAS), sequence.identities, sequence.tracks), np.int32)
    similar = np.zeros(len(ALPHAS))
    for truth, tracked, similarity in sequence.frames():
        rows, columns = linear_sum_assignment(alignment[np.ix_(truth, tracked)] * similarity, maximize=True)
        values = similarity[rows, columns]
        reached = values >= ALPHAS[:, None] - EPS
        matches[:, truth[rows], tracked[columns]] += reached
        similar += (reached * values).sum(axis=1)
    return matches, similar


def _per_match(matches: Array, out_of: Array, tp: Array) -> Array:
    """Return the share of frames that match, averaged over the matches at each alpha."""
    return (matches * (matches / np.maximum(out_of, 1))).sum(axis=(1, 2)) / np.maximum(tp, 1)
