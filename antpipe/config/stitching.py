"""Settings of the second look at tracks, when the whole film is known."""

from typing import Annotated

from pydantic import Field

from antpipe.config.base import Count, Positive, Section


class StitchConfig(Section):
    """How broken tracks are joined, and tracks that changed animals are mended."""

    enabled: bool | None = None
    """Whether there is a second look. By default there is one with `track.method: motion`; SLEAP's methods are left to
    do what they do in SLEAP."""
    max_gap: Count = 96
    """Longest time in frames for which an animal may be out of sight and still be taken for the same one."""
    least_odds: Annotated[float, Field(ge=1)] = 5.0
    """A track is joined to another one only if it is so many times likelier, by time, movement and looks, that both are
    of one animal than that another animal turned up there by chance. Higher: fewer joins, and surer ones."""
    closeness: Positive = 0.55
    """Where two animals come closer than this, as the mean distance of their nodes in body sizes (the diagonal of an
    animal's box), tracks are looked at again: they may have changed animals."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.5
    """Joins and repairs that are less sure than this are not made."""
    min_length: Count = 3
    """Tracks that are seen in fewer frames than this after all joins lose their name; their instances stay in the
    table."""
    ghost_nodes: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """Tracks that show on average less than this share of the nodes that are usual in the film are ghosts, such as a
    leg taken for an animal: they lose their name."""
    ghost_score: Annotated[float, Field(ge=0, lt=1)] = 0.85
    """Tracks that are seen in no more than `min_length` frames before any joins, with a mean score below this share of
    what is usual in the film, are ghosts, too."""
    appearance: bool = False
    """Whether animals are compared by their pixels too, which takes reading the video once more."""

    def follows(self, method: str) -> bool:
        """Return whether there is a second look after this method of tracking."""
        return method == "motion" if self.enabled is None else self.enabled
