"""Which animal is which, from how likely each of them is each of the known ones."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.geometry import Array
from antpipe.inference.predictor import Found

LEAST = 0.5
"""An animal gets a name that is at least this likely; below, another one, or a stranger, is as likely as that."""


def assign_classes(probabilities: Array, confidence: Array, *, as_sleap: bool = False) -> Array:
    """Return the class of each candidate, -1 for one that gets none; each class goes to one candidate at most.

    Of all assignments of pairs that are at least LEAST probable, this has the highest sum of probability times
    confidence (Hungarian). SLEAP takes the sum of probabilities alone, so that a faint false peak that is 1.000 likely
    takes the name from a clear one that is 0.999 likely; and of all pairs, be they ever so unlikely, it then keeps
    those where no other class is likelier for the candidate.

    Args:
        probabilities: (candidates, classes) from 0 to 1.
        confidence: (candidates,) how sure it is that there is an animal; above 1 it counts as 1.
        as_sleap: assign as SLEAP does.
    """
    classes = np.full(len(probabilities), -1)
    likely = probabilities >= (probabilities.max(axis=1, keepdims=True) if as_sleap else LEAST)
    worth = probabilities if as_sleap else np.where(likely, probabilities * np.clip(confidence, 0, 1)[:, None], 0)
    rows, columns = linear_sum_assignment(np.nan_to_num(worth), maximize=True)
    kept = likely[rows, columns]
    classes[rows[kept]] = columns[kept]
    return classes


def name_animals(found: Found, probabilities: Array, classes: Sequence[str], *, as_sleap: bool = False) -> Found:
    """Return the animals of a frame with their names as tracks, and how likely those are; see `assign_classes`.

    An animal that gets no name stays, with None as track and NaN as score.
    """
    numbers = assign_classes(probabilities, found.instance_scores, as_sleap=as_sleap)
    named = numbers >= 0
    scores = np.full(len(numbers), np.nan)
    scores[named] = probabilities[named, numbers[named]]
    tracks = [classes[number] if number >= 0 else None for number in numbers]
    return found._replace(tracks=tracks, tracking_scores=scores)
