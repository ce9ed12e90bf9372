"""Settings of what is measured on the poses."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from antpipe.config.base import Count, Positive, Section
from antpipe.config.by_video import ByVideo, only_for
from antpipe.registry import Registry

# The names alone: listing a registry reads file names and imports no feature.
_KINDS: Registry[object] = Registry("feature", "antpipe.features.kinds")


def _known(name: str) -> str:
    if name not in list(_KINDS):
        raise ValueError(f"unknown feature {name!r}; choose one of {list(_KINDS)}")
    return name


Name = Annotated[str, Field(pattern=r"\S")]


class FeaturesConfig(Section):
    """What is measured on each animal of the tracked poses: columns of the tables in Parquet.

    Lengths are those of the raw video, whatever was cut and scaled. A value that needs a node which is not visible is
    missing (NaN).
    """

    kinds: tuple[Annotated[str, AfterValidator(_known)], ...] = (
        "angles",
        "body_length",
        "heading",
        "speed",
        "angular_velocity",
        "neighbour_distance",
        "contacts",
    )
    """What to measure. `angles` and `segments`: see below. `body_length`: along `body`. `heading`: direction of `axis`
    in degrees, 0 along x (to the right), 90 along y (down). `speed`: of `centre`, per second. `angular_velocity`: of
    the heading, in degrees per second, positive from x to y (clockwise as one sees it). `neighbour_distance`: from
    `centre` to that of the nearest other animal of the frame. `contacts`: number of other animals that are nearer
    than `contact_pixels`, measured between the nearest nodes. []: nothing."""
    angles: dict[Name, tuple[str, str, str]] | None = None
    """Joint angles, as `{name: [node, node, node]}`: the angle at the middle node between the other two, from 0 to 180
    degrees; 180 is straight. The column is `angle.<name>`. None: for the ant skeleton all six knees, hind legs first,
    and the bend of the body; nothing for other skeletons."""
    segments: dict[Name, tuple[str, str]] | None = None
    """Distances between two nodes, as `{name: [node, node]}`, in columns `segment.<name>`. None: all edges of the
    skeleton."""
    body: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    """Nodes from front to rear; the body length is that of the line through all of them. None: those of the ant
    skeleton from Head to Abdomen; nothing for other skeletons."""
    axis: tuple[str, str] | None = None
    """The rear and the front node of the line that says where the animal is heading. None: Petiole and Neck of the ant
    skeleton, the ends of the thorax; nothing for other skeletons."""
    centre: str | None = None
    """The node that stands for the animal's place. None: LowerThorax of the ant skeleton; for other skeletons the
    median of the visible nodes."""
    pixels_per_mm: ByVideo[Positive] = Field(default_factory=dict)
    """Pixels of the raw video in one millimetre: a number, or `{video or pattern: number}` where they differ. Lengths
    and speeds are then in mm and mm/s. Empty: in pixels of the raw video."""
    window: Annotated[int, Field(ge=3)] = 7
    """Frames, an odd number, over which speeds are smoothed: the slope of the polynomial that fits the window best
    (Savitzky-Golay). A piece of track shorter than this has no speed."""
    order: Count = 2
    """Degree of that polynomial, below `window`."""
    max_gap: Annotated[int, Field(ge=0)] = 5
    """Most missing frames of a track that speeds bridge with a straight line. At longer gaps a track is cut, and
    nothing is smoothed across."""
    contact_pixels: Positive = 10.0
    """Distance, in pixels of the raw video, below which two animals touch."""

    @field_validator("window")
    @classmethod
    def _odd(cls, window: int) -> int:
        if window % 2 == 0:
            raise ValueError(f"must be odd, so that it has a middle frame (use {window + 1})")
        return window

    @model_validator(mode="after")
    def _enough_frames(self) -> Self:
        if self.order >= self.window:
            raise ValueError(f"order must be below window = {self.window}, got {self.order}")
        return self

    def of_video(self, video: str) -> Self:
        """Return the settings of one video."""
        return self.model_copy(update={"pixels_per_mm": only_for(self.pixels_per_mm, video)})
