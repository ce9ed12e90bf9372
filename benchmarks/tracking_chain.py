"""A simulated film of weaver ants that pull in chains, while others climb over them, join at the end and leave."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from antpipe.config.simulate import SimulateConfig
from antpipe.synthetic.difficulty import DIFFICULTIES
from antpipe.synthetic.gait import articulate, find_footholds, grow_ants
from antpipe.synthetic.scene import Scene, random_numbers
from antpipe.synthetic.walking import Walk, stride_rate, walk

CHAINS, RANKS = 4, 6
SPACING = 0.7
"""Distance from ant to ant in a chain in body lengths: each holds the one before it by the petiole."""
LOOSE_RANKS = 2
"""So many at the end of each chain come and go."""


def chain_scene(*, frames: int, seed: int, ants: int = 30) -> Scene:
    """Return a scene of which the first `CHAINS * RANKS` ants pull in chains, side by side."""
    config = SimulateConfig(
        ants=ants, difficulty="hard", width=900, height=700, frames=frames, fps=24.0, seed=seed, body_length=80.0
    )
    rng = random_numbers(config, 0, "chain")
    traits = DIFFICULTIES["hard"]
    anatomy = grow_ants(rng, config.body_length, ants)
    free = walk(
        rng,
        lengths=anatomy.length,
        frames=frames,
        fps=config.fps,
        size=(config.width, config.height),
        traits=traits,
    )
    path = _pull(rng, free, anatomy.length, config)
    return Scene(
        config=config,
        video=0,
        traits=traits,
        anatomy=anatomy,
        walk=path,
        angles=articulate(rng, len(path.heading), ants, config.fps),
        footholds=find_footholds(rng, path, anatomy),
        depth=rng.permutation(ants),
    )


def _pull(rng: np.random.Generator, free: Walk, lengths: np.ndarray, config: SimulateConfig) -> Walk:
    """Return the walk in which the first ants stand in chains for as long as they hold on."""
    knots, ants = free.phase.shape
    fps, size = config.fps, np.median(lengths)
    position, heading = free.position.copy(), np.exp(1j * free.heading)
    for ant in range(min(ants, CHAINS * RANKS)):
        chain, rank = divmod(ant, RANKS)
        if rank == 0:
            pull = 0.25 * size * _wander(rng, knots, 0.8 * fps)
            turn = 0.12 * _wander(rng, knots, 2 * fps)
            anchor = np.array([0.12 * config.width, (chain + 1) / (CHAINS + 1) * config.height])
        along = pull + size * SPACING * (rank + 0.5) + 0.06 * size * _wander(rng, knots, 0.3 * fps)
        aside = 0.05 * size * _wander(rng, knots, 0.4 * fps)
        line = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        across = np.stack([-line[:, 1], line[:, 0]], axis=-1)
        place = anchor + along[:, None] * line + aside[:, None] * across
        facing = np.exp(1j * (turn + np.pi + 0.15 * _wander(rng, knots, 0.4 * fps)))
        hold = _holding(rng, knots, fps) if rank >= RANKS - LOOSE_RANKS else np.ones(knots)
        position[:, ant] = hold[:, None] * place + (1 - hold[:, None]) * position[:, ant]
        heading[:, ant] = hold * facing + (1 - hold) * heading[:, ant]
    angle = np.unwrap(np.angle(heading), axis=0)
    speed = np.linalg.norm(np.gradient(position, axis=0), axis=-1) * fps / lengths
    rate = stride_rate(speed, np.gradient(angle, axis=0) * fps)
    phase = np.cumsum(np.maximum(rate, 1e-6) / fps, axis=0) + rng.random(ants)
    return replace(free, position=position, heading=angle, phase=phase)


def _holding(rng: np.random.Generator, knots: int, fps: float) -> np.ndarray:
    """Return how much an ant is at its place in the chain (knots,), 0 to 1; it takes a second or two to get there."""
    state, times = bool(rng.random() < 0.6), []
    while len(times) < knots:
        times += [state] * max(1, int(rng.exponential(8 * fps)))
        state = not state
    return np.clip(gaussian_filter1d(np.array(times[:knots], float), 0.7 * fps), 0, 1)


def _wander(rng: np.random.Generator, knots: int, sigma: float) -> np.ndarray:
    """Return smooth noise (knots,) of unit variance."""
    noise = gaussian_filter1d(rng.standard_normal(knots + 8 * int(sigma + 1)), sigma)
    noise = noise[4 * int(sigma + 1) :][:knots]
    return noise / max(noise.std(), 1e-9)
