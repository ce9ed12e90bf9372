"""What makes a simulated video easy or hard."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Difficulty:
    """Behaviour of the ants and quality of the picture. Lengths are in body lengths where no unit is given."""

    personal_space: float
    """Distance between two ants at which they begin to turn away from each other."""
    politeness: float
    """How much an ant slows down for another in its way: 0 walks over it, 1 stops."""
    crowding: float
    """Pull towards the crowd's middle, relative to that of a wall; 0 for none."""
    pauses_per_s: float
    exposure: float
    """Time the shutter is open, in frames."""
    defocus: float
    """Standard deviation of the optical blur in pixels."""
    noise: float
    """Standard deviation of the sensor's noise in grey levels of 255."""
    contrast: float
    """How far the colours of the ants stand out from the surface; 1 is full."""
    shadow: float
    """Darkest part of a shadow, 0 to 1."""
    vignette: float
    """Loss of light in the corners, 0 to 1."""
    debris: float
    """Bits of dirt per 100 x 100 pixels."""


DIFFICULTIES = {
    "easy": Difficulty(
        personal_space=1.5,
        politeness=1.0,
        crowding=0.0,
        pauses_per_s=0.35,
        exposure=0.2,
        defocus=0.3,
        noise=2.0,
        contrast=1.0,
        shadow=0.38,
        vignette=0.12,
        debris=0.25,
    ),
    "hard": Difficulty(
        personal_space=0.5,
        politeness=0.2,
        crowding=0.7,
        pauses_per_s=0.5,
        exposure=0.6,
        defocus=0.75,
        noise=6.0,
        contrast=0.75,
        shadow=0.55,
        vignette=0.3,
        debris=3.0,
    ),
}
