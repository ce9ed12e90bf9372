"""Top-down with names: centroids on the whole frame, then the nodes within a crop around each and whose they are."""

from antpipe.config.inference import PredictConfig
from antpipe.inference.predictor import PREDICTORS, Models
from antpipe.inference.predictors.centered_instance import TopDown
from antpipe.inference.topdown import CentroidFinder, NodeFinder


@PREDICTORS.register("multi_class_topdown")
def multi_class_top_down(models: Models, config: PredictConfig) -> TopDown:
    """Return a top-down predictor whose network of crops also tells animals apart."""
    return TopDown(CentroidFinder.of(models["centroid"], config), NodeFinder.of(models["multi_class_topdown"], config))
