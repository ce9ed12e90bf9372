"""What happens when the validation loss no longer falls: the learning rate drops, then training stops.

The rules are those of Keras' ReduceLROnPlateau and EarlyStopping, so that logs of SLEAP can be replayed.
"""

from dataclasses import dataclass

from antpipe.config.model import EarlyStoppingConfig, PlateauConfig


@dataclass
class Plateau:
    """State of the schedule and of the stop; plain numbers, so that it can be stored between epochs."""

    learning_rate: float
    best: float = float("inf")
    """Lowest loss so far."""
    waited: int = 0
    """Epochs since the early stop saw progress."""
    stop_best: float = float("inf")
    schedule_best: float = float("inf")
    schedule_waited: int = 0
    cooldown: int = 0

    def update(self, loss: float, schedule: PlateauConfig, stopping: EarlyStoppingConfig) -> bool:
        """Take the loss of one epoch; return whether training should stop."""
        self.best = min(self.best, loss)
        self._schedule(loss, schedule)
        self.waited += 1
        if loss + stopping.min_delta < self.stop_best:
            self.stop_best, self.waited = loss, 0
        return self.waited >= stopping.patience

    def _schedule(self, loss: float, config: PlateauConfig) -> None:
        if self.cooldown:
            self.cooldown -= 1
            self.schedule_waited = 0
        if loss < self.schedule_best - config.min_delta:
            self.schedule_best, self.schedule_waited = loss, 0
        elif not self.cooldown:
            self.schedule_waited += 1
            if self.schedule_waited >= config.patience:
                self.learning_rate = max(self.learning_rate * config.factor, config.min_learning_rate)
                self.cooldown, self.schedule_waited = config.cooldown, 0
