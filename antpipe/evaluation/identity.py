"""IDF1: how long each animal is followed by one and the same track."""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.evaluation.clear_mot import SAME
from antpipe.evaluation.sequence import EPS, TrackSequence


def identity_metrics(sequence: TrackSequence) -> dict[str, Any]:
    """Return IDF1, IDP and IDR: one track is chosen for each animal so that most instances agree over all frames."""
    agree = np.zeros((sequence.identities, sequence.tracks))
    for truth, tracked, similarity in sequence.frames():
        agree[np.ix_(truth, tracked)] += similarity >= SAME - EPS
    rows, columns = linear_sum_assignment(agree, maximize=True)
    idtp = int(agree[rows, columns].sum())
    animals, found = (sum(map(len, ids)) for ids in (sequence.truth, sequence.tracked))
    return {
        "IDF1": 2 * idtp / (animals + found) if animals + found else np.nan,
        "IDP": idtp / found if found else np.nan,
        "IDR": idtp / animals if animals else np.nan,
        "idtp": idtp,
        "idfp": found - idtp,
        "idfn": animals - idtp,
    }
