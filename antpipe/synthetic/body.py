"""The parts of an ant's body as seen from above: ellipses between nodes, wider at one end."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.skeleton import ABDOMEN, HEAD, LOWER_THORAX, NECK, PETIOLE, UPPER_THORAX


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the body, placed along the line from one node to the next towards the rear."""

    name: str
    front: int
    rear: int
    span: tuple[float, float]
    """Where it begins and ends on that line: 0 is the front node, 1 the rear node."""
    width: float
    """Half width in body lengths."""
    taper: float
    """Relative growth of the width from the middle to the rear end; negative for a pointed rear."""
    height: float
    """Height of its middle above the ground in body lengths, for its shadow."""


PARTS = (
    Part(name="petiole", front=LOWER_THORAX, rear=PETIOLE, span=(-0.1, 1.1), width=0.019, taper=0.0, height=0.10),
    Part(name="node", front=LOWER_THORAX, rear=PETIOLE, span=(0.30, 0.75), width=0.027, taper=0.0, height=0.11),
    Part(name="collar", front=NECK, rear=UPPER_THORAX, span=(-0.05, 0.5), width=0.024, taper=0.2, height=0.11),
    Part(name="gaster", front=PETIOLE, rear=ABDOMEN, span=(0.0, 1.0), width=0.112, taper=-0.32, height=0.11),
    Part(
        name="thorax", front=UPPER_THORAX, rear=LOWER_THORAX, span=(-0.08, 1.22), width=0.046, taper=0.08, height=0.12
    ),
    Part(name="pronotum", front=NECK, rear=UPPER_THORAX, span=(0.12, 1.10), width=0.046, taper=0.30, height=0.12),
    Part(name="head", front=HEAD, rear=NECK, span=(0.08, 1.0), width=0.084, taper=0.16, height=0.12),
)
"""In the order in which they are drawn: later parts lie above earlier ones."""

EYE_FORWARD, EYE_ASIDE = 0.12, 0.84
"""Place of the eyes from the middle of the head, in half lengths and half widths of the head."""
EYE_LENGTH, EYE_WIDTH = 0.28, 0.19
"""Half axes of an eye, in half widths of the head."""


@dataclass(frozen=True, kw_only=True)
class Ellipses:
    """The parts of one or more bodies; arrays have the shape (..., parts)."""

    centre: Array
    """(..., parts, 2) in pixels."""
    axis: Array
    """(..., parts, 2) unit vector from front to rear."""
    half_length: Array
    half_width: Array
    taper: Array
    """(parts,)"""

    def __getitem__(self, bodies: Any) -> "Ellipses":
        """Return the parts of some of the bodies, by any index into the leading axes."""
        names = ("centre", "axis", "half_length", "half_width")
        return Ellipses(taper=self.taper, **{name: getattr(self, name)[bodies] for name in names})

    def local(self, points: Array) -> tuple[Array, Array]:
        """Return the coordinates of points (..., parts, 2) along and across each part.

        They are relative to its half length and to its half width there, so the outline is at a distance of 1.
        """
        x, y = points[..., 0] - self.centre[..., 0], points[..., 1] - self.centre[..., 1]
        along = (x * self.axis[..., 0] + y * self.axis[..., 1]) / self.half_length
        across = y * self.axis[..., 0] - x * self.axis[..., 1]
        return along, across / (self.half_width * (1 + self.taper * np.clip(along, -1, 1)))


def body_parts(points: Array, length: Array) -> Ellipses:
    """Return the parts of bodies with nodes (..., nodes, 2) and body lengths (...), in pixels."""
    front, rear = points[..., [p.front for p in PARTS], :], points[..., [p.rear for p in PARTS], :]
    span = np.array([p.span for p in PARTS])
    along = rear - front
    reach = np.linalg.norm(along, axis=-1)
    return Ellipses(
        centre=front + along * span.mean(axis=1)[:, None],
        axis=along / reach[..., None],
        half_length=reach * (span[:, 1] - span[:, 0]) / 2,
        half_width=np.asarray(length)[..., None] * np.array([p.width for p in PARTS]),
        taper=np.array([p.taper for p in PARTS]),
    )


def eyes(head: Ellipses) -> Ellipses:
    """Return the left and right eye of the last part of bodies, their head."""
    axis, centre, width = head.axis[..., -1, :], head.centre[..., -1, :], head.half_width[..., -1]
    left = np.stack([axis[..., 1], -axis[..., 0]], axis=-1)
    out = np.array([1, -1])[:, None] * (EYE_ASIDE * width)[..., None, None] * left[..., None, :]
    two = np.ones(2)
    return Ellipses(
        centre=(centre - EYE_FORWARD * head.half_length[..., -1, None] * axis)[..., None, :] + out,
        axis=axis[..., None, :] * two[:, None],
        half_length=EYE_LENGTH * width[..., None] * two,
        half_width=EYE_WIDTH * width[..., None] * two,
        taper=0 * two,
    )


def joined(first: Ellipses, second: Ellipses) -> Ellipses:
    """Return the parts of the first, then those of the second."""
    return Ellipses(
        centre=np.concatenate([first.centre, second.centre], axis=-2),
        axis=np.concatenate([first.axis, second.axis], axis=-2),
        half_length=np.concatenate([first.half_length, second.half_length], axis=-1),
        half_width=np.concatenate([first.half_width, second.half_width], axis=-1),
        taper=np.concatenate([first.taper, second.taper]),
    )


def covers(bodies: Ellipses, points: Array) -> Array:
    """Return whether any part of each body (n,) covers the point (n, 2) that goes with it, as (n,)."""
    along, across = bodies.local(points[:, None])
    return (along**2 + across**2 <= 1).any(axis=-1)
