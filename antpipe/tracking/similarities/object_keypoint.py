"""Object keypoint similarity, with an error of its own for each node."""

import numpy as np

from antpipe.errors import ConfigError
from antpipe.geometry import Array
from antpipe.tracking.compare import squared_distances, visible
from antpipe.tracking.found import Shapes
from antpipe.tracking.registry import SIMILARITIES, Setup


@SIMILARITIES.register("object_keypoint")
def object_keypoint(candidates: Shapes, instances: Shapes, setup: Setup) -> Array:
    """Return the mean of exp(-d^2 / (2 e^2)) over nodes, d and the error e in pixels, as SLEAP 1.4.

    With `oks_score_weighting` each node counts by the product of both its scores. `oks_normalization` says what the sum
    is divided by.

    Raises:
        ConfigError: if there is neither one error nor one per node (SLEAP cuts or repeats them to fit).
    """
    errors = np.atleast_1d(np.asarray(setup.config.oks_errors, float))
    if len(errors) not in (1, setup.nodes):
        raise ConfigError(
            f"track.oks_errors: expected one number or one for each of the {setup.nodes} nodes, got {len(errors)}"
        )
    alike = np.exp(-squared_distances(candidates.points, instances.points) / (2 * errors**2))
    if setup.config.oks_score_weighting:
        alike = alike * candidates.point_scores[:, None] * instances.point_scores[None]
    before, now = visible(candidates.points), visible(instances.points)
    count = {
        "all": np.full((len(before), len(now)), setup.nodes),
        "ref": np.broadcast_to(before.sum(axis=-1)[:, None], (len(before), len(now))),
        "union": (before[:, None] & now[None]).sum(axis=-1),
    }[setup.config.oks_normalization]
    return np.nansum(alike, axis=-1) / np.maximum(count, 1)
