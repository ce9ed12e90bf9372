"""SLEAP's simple tracker."""

from antpipe.tracking.candidates import Candidates
from antpipe.tracking.registry import METHODS, Setup


@METHODS.register("simple")
def simple(setup: Setup) -> Candidates:
    """Link each instance to the most similar pose of the last `window` frames; see `Candidates`."""
    return Candidates(setup)
