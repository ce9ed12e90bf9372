"""The pictures of where the animals of one video went."""

from pathlib import Path

from antpipe.config.features import FeaturesConfig
from antpipe.report.occupancy import plot_occupancy
from antpipe.report.trajectories import plot_trajectories
from antpipe.report.trajectories_ground import make_ground


def draw_trajectories(
    video: str | Path,
    tracks: str | Path,
    features: FeaturesConfig,
    *,
    trajectories: str | Path,
    occupancy: str | Path,
) -> None:
    """Draw every track's trajectory and how long animals were where, over the median image of the video.

    `features` are those of this video: an animal's place is their `centre`; axes are in mm where they say how many
    pixels a millimetre has, else in pixels of the raw video.
    """
    ground = make_ground(video, tracks, features)
    plot_trajectories(ground, trajectories)
    plot_occupancy(ground, occupancy)
