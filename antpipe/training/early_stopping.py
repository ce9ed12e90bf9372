"""When training ends before its last epoch."""

from collections.abc import Sequence

from antpipe.config.optimization import EarlyStoppingConfig


def should_stop(losses: Sequence[float], config: EarlyStoppingConfig) -> bool:
    """Return whether the validation loss of each epoch so far says that training should end.

    The rules are those of Keras' EarlyStopping, so that logs of SLEAP can be replayed.
    """
    best, waited = float("inf"), 0
    for loss in losses:
        waited += 1
        if loss + config.min_delta < best:
            best, waited = loss, 0
    return config.patience is not None and waited >= config.patience
