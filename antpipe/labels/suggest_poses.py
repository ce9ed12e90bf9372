"""How unusual a pose is, whatever the animal's place, direction and size."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton

ROUNDS = 5
"""Of aligning all poses to their mean and taking the mean again."""
MIN_NODES = 3
"""Fewer visible nodes have no shape once place, direction and size are taken away."""


@dataclass(frozen=True, kw_only=True)
class PoseSpace:
    """Where poses lie once they are aligned: near the common ones, near the labelled ones, or far from both."""

    mean: Array
    """(nodes, 2), centred, size 1; NaN for a node that was never seen."""
    axes: Array
    """(2 * nodes, 2 * nodes) from deviations to coordinates in which common differences have length 1."""
    known: Array
    """(poses, 2 * nodes) the mean and the labelled poses in these coordinates."""

    def rarity(self, points: Array) -> Array:
        """Return how far each pose (instances, nodes, 2) is from the nearest known one.

        0 for an instance with fewer than `MIN_NODES` visible nodes.
        """
        deviations, shown = _deviations(points, self.mean)
        distance = cdist(deviations.reshape(-1, self.known.shape[1]) @ self.axes, self.known).min(axis=1)
        return np.where(shown, distance, 0.0)


def fit_pose_space(sample: Array, labelled: Array) -> PoseSpace:
    """Return the space of a sample of poses (instances, nodes, 2), with labelled poses of the same nodes marked in it.

    Poses are turned, moved and scaled onto their mean (generalised Procrustes analysis, Gower 1975), without
    mirroring. Distances are those of Mahalanobis, softened by the mean variance, so that directions in which poses
    hardly differ count little unless a pose differs much. A node that is not visible counts as in its usual place.
    """
    shaped = sample[_visible(sample).sum(axis=1) >= MIN_NODES]
    mean = _mean_pose(shaped) if len(shaped) else np.full(sample.shape[1:], np.nan)
    deviations, _ = _deviations(shaped, mean)
    flat = deviations.reshape(-1, 2 * len(mean))
    variances, directions = np.linalg.eigh(flat.T @ flat / max(len(shaped), 1))
    softening = variances.mean() + 1e-9
    axes = directions / np.sqrt(np.maximum(variances, 0) + softening)
    marked, shown = _deviations(labelled, mean)
    common = np.zeros((1, 2 * len(mean)))
    known = np.vstack([common, marked[shown].reshape(-1, 2 * len(mean))]) @ axes
    return PoseSpace(mean=mean, axes=axes, known=known)


def sample_points(parts: Iterable[Poses], skeleton: Skeleton, limit: int, rng: np.random.Generator) -> Array:
    """Return the points (instances, nodes, 2) of up to `limit` instances of a stream, each as likely as the others."""
    lots, kept = np.zeros(0), np.zeros((0, len(skeleton.nodes), 2))
    for poses in parts:
        lots = np.concatenate([lots, rng.random(len(poses))])
        drawn = np.sort(np.argsort(lots)[:limit])
        lots, kept = lots[drawn], np.concatenate([kept, poses.points])[drawn]
    return kept


def _mean_pose(points: Array) -> Array:
    mean = _unit(points[_visible(points).sum(axis=1).argmax()])
    for _ in range(ROUNDS):
        # A node that the first pose lacks gets its place from poses that have it, aligned by their other nodes.
        placed = _align(points, mean)
        seen = _visible(placed)[..., None]
        mean = np.where(seen, placed, 0).sum(axis=0) / np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
        mean = _unit(mean)
    return mean


def _unit(pose: Array) -> Array:
    """Return a pose (nodes, 2) centred and with a root mean square of 1."""
    centred = pose - np.nanmean(pose, axis=0)
    size = np.sqrt(np.nanmean((centred**2).sum(axis=-1)))
    return np.asarray(centred / max(size, 1e-12))


def _align(points: Array, mean: Array) -> Array:
    """Return poses turned, moved and scaled so that their visible nodes lie best on those of the mean."""
    both = _visible(points) & _visible(mean)
    weight = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    old = points[..., 0] + 1j * points[..., 1]
    new = np.broadcast_to(mean[..., 0] + 1j * mean[..., 1], old.shape)
    old_middle, new_middle = ((np.where(both, z, 0) * weight).sum(axis=1, keepdims=True) for z in (old, new))
    a, b = np.where(both, old - old_middle, 0), np.where(both, new - new_middle, 0)
    turn = (a.conj() * b).sum(axis=1)
    turn = turn / np.maximum(np.abs(turn), 1e-12)
    size = np.sqrt((np.abs(b) ** 2).sum(axis=1) / np.maximum((np.abs(a) ** 2).sum(axis=1), 1e-12))
    placed = (old - old_middle) * (turn * size)[:, None] + new_middle
    return np.stack([placed.real, placed.imag], axis=-1)


def _deviations(points: Array, mean: Array) -> tuple[Array, Array]:
    """Return how far aligned nodes lie from the mean, 0 where unknown, and which instances have a shape at all."""
    both = _visible(points) & _visible(mean)
    shown = both.sum(axis=1) >= MIN_NODES
    known = (both & shown[:, None])[..., None]
    return np.where(known, _align(points, mean) - mean, 0.0), shown


def _visible(points: Array) -> Array:
    return np.asarray(~np.isnan(points).any(axis=-1))
