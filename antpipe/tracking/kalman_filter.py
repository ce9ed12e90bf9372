"""A Kalman filter of constant velocity for many nodes at once, and the noise that fits it.

A state is (..., 2, 2): place and velocity, each with x and y; its covariance (..., 2, 2) of place and velocity is the
same for x and y, as both are always seen together. Noise is (nodes, 2, 2) of the movement and (nodes,) of the points.
"""

import numpy as np

from antpipe.geometry import Array

STEP = np.array([[1.0, 1.0], [0.0, 1.0]])
ROUNDS = 20
"""Rounds of learning, as in SLEAP."""
LEAST_NOISE = 1e-4
"""Square pixels; points that do not move at all teach no noise, and the filter must not divide by it."""

Noise = tuple[Array, Array]


def first_places(paths: Array) -> Array:
    """Return the first visible place (tracks, nodes, 2) on paths (frames, tracks, nodes, 2); NaN if there is none."""
    first = (~np.isnan(paths[..., 0])).argmax(axis=0)
    return np.take_along_axis(paths, first[None, ..., None], axis=0)[0]


def first_state(points: Array, noise: Noise) -> tuple[Array, Array]:
    """Return the states and covariances of nodes seen at points (..., nodes, 2) and standing still; NaN stays."""
    start = np.zeros((len(noise[1]), 2, 2))
    start[:, 0, 0] = noise[1]
    start[:, 1, 1] = noise[1] + np.trace(noise[0], axis1=1, axis2=2)
    state = np.stack([points, np.where(np.isnan(points), np.nan, 0)], axis=-2)
    return state, np.broadcast_to(start, (*points.shape[:-1], 2, 2)).copy()


def predict(state: Array, covariance: Array, noise: Noise) -> tuple[Array, Array]:
    """Return states and covariances one frame on."""
    return STEP @ state, STEP @ covariance @ STEP.T + noise[0]


def correct(state: Array, covariance: Array, points: Array, noise: Noise) -> tuple[Array, Array]:
    """Return states and covariances after points (..., nodes, 2) were seen.

    NaN points change nothing; a node that is seen for the first time starts there.
    """
    gain = covariance[..., 0] / (covariance[..., 0, 0] + noise[1])[..., None]
    seen = ~np.isnan(points[..., 0])[..., None, None]
    after = state + gain[..., None] * (points - state[..., 0, :])[..., None, :]
    less = covariance - gain[..., None] * covariance[..., :1, :]
    first, start = first_state(points, noise)
    new = seen & np.isnan(state)
    return (
        np.where(new, first, np.where(seen, after, state)),
        np.where(new[..., :1], start, np.where(seen, less, covariance)),
    )


def learn_noise(points: Array) -> Noise:
    """Return the noise under which paths (frames, tracks, nodes, 2) are most likely; NaN is not visible.

    Expectation maximisation (Shumway and Stoffer 1982) over all tracks, with a noise of its own for each node; nodes
    that were never seen get the mean of the others. A path begins with the first frame in which it is seen.
    """
    points = points.copy()
    points[0] = first_places(points)
    steps = np.diff(points, axis=0)
    moved = float(np.nanmean(steps**2)) if (~np.isnan(steps)).any() else 1.0
    nodes = points.shape[2]
    noise = np.tile(np.eye(2) * max(moved, LEAST_NOISE) / 4, (nodes, 1, 1)), np.full(nodes, max(moved, LEAST_NOISE))
    for _ in range(ROUNDS):
        noise = _improve(points, noise)
    return noise


def _improve(points: Array, noise: Noise) -> Noise:
    """Return the noise that fits the smoothed paths best."""
    states, covariances, lagged = _smooth(points, noise)
    miss = ((points - states[..., 0, :]) ** 2).mean(axis=-1) + covariances[..., 0, 0]
    turn = states[1:] - STEP @ states[:-1]
    across = STEP @ lagged
    movement = turn @ turn.swapaxes(-1, -2) / 2 + covariances[1:] - across - across.swapaxes(-1, -2)
    movement += STEP @ covariances[:-1] @ STEP.T
    return _mean_of_nodes(movement) + LEAST_NOISE * np.eye(2), np.maximum(_mean_of_nodes(miss), LEAST_NOISE)


def _mean_of_nodes(values: Array) -> Array:
    """Return means (nodes, ...) of values (frames, tracks, nodes, ...) without NaN; of the others where all are NaN."""
    known = ~np.isnan(values)
    count = known.sum(axis=(0, 1))
    mean = np.where(known, values, 0).sum(axis=(0, 1)) / np.maximum(count, 1)
    rest = count.reshape(len(mean), -1).any(axis=1)
    mean[~rest] = mean[rest].mean(axis=0) if rest.any() else 0
    return np.asarray(mean)


def _smooth(points: Array, noise: Noise) -> tuple[Array, Array, Array]:
    """Return smoothed states, covariances (frames, tracks, nodes, 2, 2), and those between frames (frames - 1, ...).

    Rauch, Tung and Striebel 1965.
    """
    state, covariance = first_state(points[0], noise)
    filtered, ahead = [(state, covariance)], []
    for now in points[1:]:
        ahead.append(predict(*filtered[-1], noise))
        filtered.append(correct(*ahead[-1], now, noise))
    smooth, lagged = [filtered[-1]], []
    for (state, covariance), (expected, spread) in zip(reversed(filtered[:-1]), reversed(ahead), strict=True):
        back = covariance @ STEP.T @ np.linalg.inv(spread)
        later, later_spread = smooth[-1]
        lagged.append(back @ later_spread)
        smooth.append(
            (state + back @ (later - expected), covariance + back @ (later_spread - spread) @ back.swapaxes(-1, -2))
        )
    states, covariances = (np.stack(values[::-1]) for values in zip(*smooth, strict=True))
    return states, covariances, np.stack(lagged[::-1])
