"""What an audit finds: one record per suspect, and what each kind of finding means."""

from collections.abc import Iterable
from dataclasses import dataclass

SEVERITIES = ("error", "suspect", "note")
"""error: cannot be right; suspect: unlike the rest, look at it; note: right, but good to know."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a kind of finding means, in words for the person who labels."""

    severity: str
    title: str
    meaning: str


KINDS = {
    "frame_beyond_video": Kind(
        severity="error",
        title="Frame after the end of the video",
        meaning="The video has fewer frames. Most often the labels belong to another version of it.",
    ),
    "repeated_frame": Kind(
        severity="error",
        title="Frame entered twice",
        meaning="The file has this frame of this video more than once. Merge the entries with antpipe merge.",
    ),
    "no_visible_point": Kind(
        severity="error",
        title="Instance without a visible point",
        meaning="An animal was added, but none of its points is visible. Delete it, or place its points.",
    ),
    "outside_frame": Kind(
        severity="error",
        title="Visible point outside the picture",
        meaning="Nobody can see it there. Move it, or mark it as not visible.",
    ),
    "duplicate_instance": Kind(
        severity="suspect",
        title="Animal labelled twice",
        meaning="Two instances of one frame lie on each other. Delete one of them.",
    ),
    "left_right_swap": Kind(
        severity="suspect",
        title="Left and right exchanged",
        meaning="The left parts are where right ones are expected, and the other way round. Exchange them.",
    ),
    "copied_points": Kind(
        severity="suspect",
        title="Points copied from another frame",
        meaning="SLEAP copies a new animal from another frame; these points were never moved to the animal.",
    ),
    "edge_length": Kind(
        severity="suspect",
        title="Edge of unusual length",
        meaning="Two joined parts are farther apart, or closer, than in any usual animal of this size.",
    ),
    "angle": Kind(
        severity="suspect",
        title="Unusual angle",
        meaning="Two edges meet at an angle that the animal does not show elsewhere, as when a leg is another's.",
    ),
    "animal_size": Kind(
        severity="suspect",
        title="Animal of unusual size",
        meaning="All of the animal is larger or smaller than the others of this video.",
    ),
    "near_duplicate_frame": Kind(
        severity="note",
        title="Almost the same as the labelled frame before it",
        meaning="Most animals stand still between the two, so the second teaches a network little, and the two must "
        "not be divided between training and test.",
    ),
    "empty_frame": Kind(
        severity="note",
        title="Labelled frame without a labelled animal",
        meaning="Nothing is trained on it. Label its animals, mark it as a negative frame, or delete it.",
    ),
}
"""The kinds of findings, the gravest first."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A suspect."""

    kind: str
    entry: int
    """Which labelled frame of the file, in the file's order."""
    instance: int | None = None
    """Number among the user instances of that entry, from 0; None if it is about the whole frame."""
    nodes: tuple[str, ...] = ()
    value: float | None = None
    """What was measured, in `unit`."""
    expected: float | None = None
    """What is usual, or the limit, in `unit`."""
    unit: str = ""
    score: float = 0.0
    """How far from usual, for the order within a kind: robust standard deviations, or as the kind has it."""
    detail: str = ""
    """What was measured, in words."""
    other: int | None = None
    """Number of another instance of the same entry that it is compared with."""
    at: tuple[float, float] | None = None
    """Where the suspect is in the picture, in pixels."""
    expected_at: tuple[tuple[float, float], ...] = ()
    """Where each of `nodes` is expected, in pixels, as far as that is known."""


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with the gravest kind first, and within a kind the farthest from usual first."""
    rank = {kind: (SEVERITIES.index(about.severity), place) for place, (kind, about) in enumerate(KINDS.items())}
    return sorted(findings, key=lambda f: (rank[f.kind], -f.score, f.entry, -1 if f.instance is None else f.instance))
