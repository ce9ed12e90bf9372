"""SLEAP's tracker with optical flow and a fixed number of tracks."""

from antpipe.tracking.candidates import Candidates
from antpipe.tracking.optical_flow import OpticalFlow
from antpipe.tracking.registry import METHODS, Setup


@METHODS.register("flowmaxtracks")
def flowmaxtracks(setup: Setup) -> Candidates:
    """Link as `simplemaxtracks` does, after the earlier poses were moved as `flow` does.

    SLEAP ignores the settings of the flow here; they count. Poses older than the window are compared where they were,
    so that no more than that many frames are kept.
    """
    return Candidates(setup, patient=True, shift=OpticalFlow(setup))
