"""SLEAP's simple tracker with a fixed number of tracks."""

from antpipe.tracking.candidates import Candidates
from antpipe.tracking.registry import METHODS, Setup


@METHODS.register("simplemaxtracks")
def simplemaxtracks(setup: Setup) -> Candidates:
    """Link each instance to the most similar of the last poses of each track, however old; see `Candidates`."""
    return Candidates(setup, patient=True)
