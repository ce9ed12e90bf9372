"""Where the ants walk: speeds, pauses and turns, away from walls and (more or less) from each other."""

import math
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.difficulty import Difficulty

CRUISE = 2.0
"""Median walking speed in body lengths per second."""
CRUISE_LOG_SD = 0.35
TOP_SPEED = 4.5
PAUSE_ENDS_PER_S = 1.3
SPEED_TAU = 0.15
"""Seconds in which the speed follows its goal."""
WANDER_SD = 0.9
"""Random turning in radians per second, and the seconds for which it keeps its direction."""
WANDER_TAU = 0.6
TURN_TAU = 0.12
TURN_GAIN = 2.6
"""Turning in radians per second for each radian off the way out of trouble."""
WALL_MARGIN = 1.2
"""Distance to the picture's edge at which an ant begins to turn away, in body lengths."""
WARM_UP_S = 2.0
STRIDE = 0.45
"""Stride length of a very slow ant in body lengths, and its growth with speed in seconds."""
STRIDE_GROWTH = 0.07
TURN_REACH = 0.5
"""Speed of the feet while turning on the spot: body lengths per radian."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The way of every ant at whole frames, some before the first and after the last one."""

    position: Array
    """(knots, ants, 2) middle of the thorax in pixels."""
    heading: Array
    """(knots, ants) radians from the x axis towards the y axis, unwrapped."""
    phase: Array
    """(knots, ants) strides walked so far; never falls."""
    padding: int
    """Number of knots before frame 0, and after the last frame."""


@dataclass(kw_only=True)
class _State:
    position: Array
    heading: Array
    speed: Array
    turn: Array
    wander: Array
    cruise: Array
    walking: Array


def walk(
    rng: np.random.Generator, *, lengths: Array, frames: int, fps: float, size: tuple[int, int], traits: Difficulty
) -> Walk:
    """Let ants of the given body lengths (pixels) walk about in a picture of `size` (width, height)."""
    padding = max(1, round(fps))
    state = _start(rng, lengths, np.array(size, np.float64), traits)
    for _ in range(math.ceil(WARM_UP_S * fps)):
        _step(rng, state, lengths, size, traits, 1 / fps)
    knots = frames + 2 * padding
    position, heading = np.empty((knots, len(lengths), 2)), np.empty((knots, len(lengths)))
    rate = np.empty_like(heading)
    for knot in range(knots):
        _step(rng, state, lengths, size, traits, 1 / fps)
        position[knot], heading[knot], rate[knot] = state.position, state.heading, stride_rate(state.speed, state.turn)
    # A standing ant still takes a step now and then in eternity, so that stride and time stay one to one.
    phase = np.cumsum(np.maximum(rate, 1e-6) / fps, axis=0) + rng.random(len(lengths))
    return Walk(position=position, heading=heading, phase=phase, padding=padding)


def stride_rate(speed: Array, turn: Array) -> Array:
    """Return strides per second of ants at a speed (body lengths/s) and turning rate (radians/s)."""
    return (speed + TURN_REACH * np.abs(turn)) / (STRIDE + STRIDE_GROWTH * speed)


def _start(rng: np.random.Generator, lengths: Array, size: Array, traits: Difficulty) -> _State:
    ants = len(lengths)
    return _State(
        position=_scatter(rng, lengths, size, tries=30 if traits.crowding == 0 else 3),
        heading=rng.uniform(-np.pi, np.pi, ants),
        speed=np.zeros(ants),
        turn=np.zeros(ants),
        wander=WANDER_SD * rng.standard_normal(ants),
        cruise=_cruise(rng, ants),
        walking=rng.random(ants) < 0.8,
    )


def _scatter(rng: np.random.Generator, lengths: Array, size: Array, tries: int) -> Array:
    """Put each ant at that one of some random places which is farthest from the ants before it."""
    margin = np.minimum(WALL_MARGIN * lengths[:, None], 0.35 * size)
    places = margin[:, None] + rng.random((len(lengths), tries, 2)) * (size - 2 * margin)[:, None]
    position = np.empty((len(lengths), 2))
    for ant in range(len(lengths)):
        distance = np.linalg.norm(places[ant, :, None] - position[None, :ant], axis=-1)
        position[ant] = places[ant, np.argmax(distance.min(axis=1, initial=np.inf))]
    return position


def _cruise(rng: np.random.Generator, ants: int) -> Array:
    return np.minimum(CRUISE * np.exp(CRUISE_LOG_SD * rng.standard_normal(ants)), TOP_SPEED)


def _step(
    rng: np.random.Generator, state: _State, lengths: Array, size: tuple[int, int], traits: Difficulty, dt: float
) -> None:
    _pause_or_go(rng, state, traits, dt)
    forward = np.stack([np.cos(state.heading), np.sin(state.heading)], axis=-1)
    push, blocked = _push_from_ants(state.position, forward, lengths, traits)
    wall = _push_from_walls(state.position, lengths, size)
    push += 1.5 * wall + _pull_to_crowd(state.position, lengths, traits)
    free = (1 - traits.politeness * blocked) * (1 - np.clip(-1.5 * (wall * forward).sum(axis=-1), 0, 1))
    goal = np.where(state.walking, state.cruise * free, 0)
    state.speed += (goal - state.speed) * -np.expm1(-dt / SPEED_TAU)
    keep = np.exp(-dt / WANDER_TAU)
    state.wander = keep * state.wander + WANDER_SD * np.sqrt(1 - keep**2) * rng.standard_normal(len(lengths))
    turn = np.where(state.walking, state.wander + _turn_away(forward, push), 0)
    state.turn += (turn - state.turn) * -np.expm1(-dt / TURN_TAU)
    state.heading = state.heading + state.turn * dt
    state.position = state.position + forward * (state.speed * lengths * dt)[:, None]
    np.clip(state.position, 0.1 * lengths[:, None], np.array(size) - 0.1 * lengths[:, None], out=state.position)


def _pause_or_go(rng: np.random.Generator, state: _State, traits: Difficulty, dt: float) -> None:
    chance = rng.random(len(state.walking))
    rate = np.where(state.walking, traits.pauses_per_s, PAUSE_ENDS_PER_S)
    switch = chance < -np.expm1(-rate * dt)
    state.cruise = np.where(switch & ~state.walking, _cruise(rng, len(chance)), state.cruise)
    state.walking = state.walking ^ switch


def _push_from_ants(position: Array, forward: Array, lengths: Array, traits: Difficulty) -> tuple[Array, Array]:
    """Return the push away from others (ants, 2), and how much another ant is in the way (ants,), 0 to 1."""
    size = (lengths[None] + lengths[:, None]) / 2
    x, y = ((column[None] - column[:, None]) / size for column in position.T)
    distance = np.sqrt(x * x + y * y) + 1e-9
    np.fill_diagonal(distance, np.inf)
    near = np.clip(1 - distance / traits.personal_space, 0, 1)
    ahead = (x * forward[:, :1] + y * forward[:, 1:]) / distance
    pull = near / distance
    push = -np.stack([(pull * x).sum(axis=1), (pull * y).sum(axis=1)], axis=-1)
    return 2 * push, np.clip(2 * near * np.clip(ahead, 0, 1), 0, 1).max(axis=1)


def _push_from_walls(position: Array, lengths: Array, size: tuple[int, int]) -> Array:
    span = np.array(size, np.float64)
    margin = np.minimum(WALL_MARGIN * lengths[:, None], 0.35 * span)
    return np.clip(1 - position / margin, 0, 1) - np.clip(1 - (span - position) / margin, 0, 1)


def _pull_to_crowd(position: Array, lengths: Array, traits: Difficulty) -> Array:
    """Return the pull towards the middle of all ants; those who are within it feel none."""
    away = position.mean(axis=0) - position
    distance = np.linalg.norm(away, axis=-1, keepdims=True)
    radius = 0.5 * np.sqrt(len(lengths)) * lengths[:, None]
    return traits.crowding * away / np.maximum(distance, 1e-9) * np.clip(distance / radius - 1, 0, 1)


def _turn_away(forward: Array, push: Array) -> Array:
    cross = forward[:, 0] * push[:, 1] - forward[:, 1] * push[:, 0]
    dot = (forward * push).sum(axis=-1)
    return TURN_GAIN * np.minimum(np.hypot(cross, dot), 1) * np.arctan2(cross, dot)
