"""Settings of training: steps, optimizer, schedule of the learning rate, and when it ends."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from antpipe.config.base import Count, Fraction, NonNegative, Positive, Section

Share = Annotated[float, Field(ge=0, lt=1)]


class HardKeypointConfig(Section):
    """Online hard keypoint mining: the nodes with the largest loss count once more."""

    enabled: bool = False
    """Whether hard nodes are mined. It slows the start of a training down a lot, so not for short ones."""
    ratio: Positive = 2.0
    """A node is hard when its loss is at least this multiple of the easiest node's."""
    min_nodes: Count = 2
    """At least so many nodes are taken as hard."""
    max_nodes: Count | None = None
    """At most so many, also where that is fewer than `min_nodes`. None: all."""
    loss_scale: NonNegative = 5.0
    """Factor of the additional loss."""


class PlateauConfig(Section):
    """How the learning rate falls when the validation loss no longer does."""

    factor: Fraction = 0.5
    """Factor of the learning rate."""
    patience: Count = 5
    """Epochs without progress before the learning rate falls."""
    cooldown: Annotated[int, Field(ge=0)] = 3
    """Epochs after that which do not count."""
    min_delta: NonNegative = 1e-6
    """Least decrease that counts as progress."""
    min_learning_rate: NonNegative = 1e-6
    """The learning rate stays above this. SLEAP: 1e-8."""


class CosineConfig(Section):
    """How the learning rate rises and then falls along a cosine until the last epoch (Loshchilov and Hutter 2017)."""

    warmup_epochs: NonNegative = 3.0
    """Epochs, or parts of one, in which the learning rate rises from 0."""
    min_learning_rate: NonNegative = 1e-6
    """The learning rate at the end of the last epoch."""


class EarlyStoppingConfig(Section):
    """When training ends before its last epoch."""

    patience: Count | None = 12
    """Epochs without progress. None: training goes on to its last epoch."""
    min_delta: NonNegative = 1e-8
    """Least decrease of the validation loss that counts as progress."""


class OptimizationConfig(Section):
    """How the network is trained."""

    batch_size: Count = 4
    """Samples per step. Halved during training, with a note, where the memory of a GPU does not hold so many."""
    epochs: Count = 200
    """Most epochs."""
    min_batches_per_epoch: Count = 200
    """Steps per epoch, if the samples would give fewer."""
    balance_videos: bool = False
    """Draw equally many samples of every video, however many of its frames are labelled. Otherwise a video with 500
    labelled frames counts a hundred times as much as one with 5."""
    max_minutes: Positive | None = None
    """Training stops at the end of the epoch that passes this wall-clock time; then a run is no longer
    reproducible to the bit. None: no limit."""
    optimizer: Literal["adam", "amsgrad", "adamw", "sgd", "rmsprop"] = "adam"
    """The rule of each step. `amsgrad` is what SLEAP means by adam; `adamw` is adam with weight decay; `sgd` is plain
    descent with momentum, and needs another learning rate."""
    momentum: Share | None = None
    """Part of the step before that goes on. Only for sgd; None: 0.9."""
    weight_decay: NonNegative | None = None
    """Share by which weights shrink in each step, times the learning rate. Only for adamw; None: 0.004."""
    learning_rate: Positive = 1e-3
    """The optimizer's first learning rate, or with schedule cosine its highest. SLEAP: 1e-4."""
    ema_momentum: Share | None = 0.98
    """Share that stays, in each step, of a moving average of the weights. That average is validated, and is what a run
    leaves; over a few hundred steps in all it is far behind. None: the weights themselves, as in SLEAP."""
    schedule: Literal["plateau", "constant", "cosine"] = "plateau"
    """How the learning rate changes: `plateau`: it falls when the validation loss no longer does; `constant`: never;
    `cosine`: it rises for a few epochs, then falls along a cosine until the last epoch."""
    plateau: PlateauConfig = Field(default_factory=PlateauConfig)
    """Only for schedule: plateau."""
    cosine: CosineConfig = Field(default_factory=CosineConfig)
    """Only for schedule: cosine."""
    early_stopping: EarlyStoppingConfig = Field(default_factory=EarlyStoppingConfig)
    """End of training."""
    hard_keypoints: HardKeypointConfig = Field(default_factory=HardKeypointConfig)
    """Online hard keypoint mining."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Arithmetic of the network; bfloat16 is faster where the processor or the GPU has it, and the log says where it
    has not. Weights stay float32."""

    @model_validator(mode="after")
    def _used(self) -> Self:
        """Refuse settings that the chosen optimizer or schedule would not look at."""
        unused = {
            "momentum is for optimizer: sgd": self.momentum is not None and self.optimizer != "sgd",
            "weight_decay is for optimizer: adamw": self.weight_decay is not None and self.optimizer != "adamw",
            "plateau is for schedule: plateau": self.plateau != PlateauConfig() and self.schedule != "plateau",
            "cosine is for schedule: cosine": self.cosine != CosineConfig() and self.schedule != "cosine",
        }
        for reason in (reason for reason, useless in unused.items() if useless):
            raise ValueError(f"{reason}; leave it out, or change what it is for")
        if self.schedule == "cosine":
            self._check_cosine()
        return self

    def _check_cosine(self) -> None:
        if self.cosine.warmup_epochs >= self.epochs:
            raise ValueError(f"cosine.warmup_epochs {self.cosine.warmup_epochs:g} must be below epochs {self.epochs}")
        if self.cosine.min_learning_rate > self.learning_rate:
            raise ValueError(
                f"cosine.min_learning_rate {self.cosine.min_learning_rate:g} must not be above learning_rate "
                f"{self.learning_rate:g}"
            )
