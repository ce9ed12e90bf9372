"""SLEAP's tracker with optical flow."""

from antpipe.tracking.candidates import Candidates
from antpipe.tracking.optical_flow import OpticalFlow
from antpipe.tracking.registry import METHODS, Setup


@METHODS.register("flow")
def flow(setup: Setup) -> Candidates:
    """Link as `simple` does, after the earlier poses were moved along with the pixels under them; see `OpticalFlow`.

    With `robust` 1 only the newest pose of each track is moved: SLEAP moves all those of the window, and takes the one
    that fits best, for as many times the work as the window has frames.
    """
    return Candidates(setup, shift=OpticalFlow(setup))
