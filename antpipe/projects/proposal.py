"""Settings that the labels ask for, each with its reason."""

from dataclasses import dataclass

from antpipe.projects.measures import Animals, anchors, median_side

SMALLEST = 20
"""Pixels: an animal that is shown smaller is hard to find."""
LARGE = 100
"""Pixels: of a longer animal, a network with a maximum stride of 16 sees too little at once."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Settings of a new project."""

    anchor_part: str
    anchor_reason: str
    scale: float
    """Of the frames in which the centroid network looks for animals."""
    scale_reason: str
    max_stride: int
    """Of the network that finds the nodes."""
    stride_reason: str
    crop_size: int
    """What training will choose by itself."""
    crop_reason: str
    alone: bool
    """Whether no labelled frame has more than one animal."""


def propose(animals: Animals, padding: int = 16) -> Proposal:
    """Return settings that fit the labelled animals."""
    anchor = anchors(animals)[0]
    usual = median_side(animals.sides())
    longest, place = animals.longest()
    scale = next((s for s in (0.125, 0.25, 0.5) if usual * s >= SMALLEST), 1.0)
    stride = 32 if usual > LARGE else 16
    size = animals.crop_size(padding, stride)
    return Proposal(
        anchor_part=anchor.node,
        anchor_reason=f"shows in {anchor.visible:.1%} of the animals, and lies nearest to their middle",
        scale=scale,
        scale_reason=f"an animal of {usual:.0f} pixels (median) is then {usual * scale:.0f} long, enough to be found",
        max_stride=stride,
        stride_reason=f"16 up to animals of {LARGE} pixels, 32 for longer ones, so that a leg is seen with its body",
        crop_size=size,
        crop_reason=f"the longest animal, {longest:.0f} pixels ({place}), + {padding}, up to a multiple of {stride}",
        alone=max(len(points) for points in animals.points) == 1,
    )
