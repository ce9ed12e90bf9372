"""Settings of a pretrained encoder with a UNet's decoder; names and meanings are SLEAP's."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from antpipe.config.backbones.sizes import check_widths, levels
from antpipe.config.base import Count, Positive, Section

ENCODERS = (
    *("vgg16", "vgg19", "resnet50", "resnet101", "resnet152", "inceptionv3", "inceptionresnetv2"),
    *("densenet121", "densenet169", "densenet201", "mobilenet", "mobilenetv2"),
    *(f"efficientnetb{size}" for size in range(8)),
)
"""Names of SLEAP's encoders that keras.applications serves."""
NOT_SERVED = {
    **dict.fromkeys(("resnet18", "resnet34"), "ResNets of fewer than 50 layers"),
    **dict.fromkeys(("resnext50", "resnext101"), "ResNeXts"),
    **dict.fromkeys(
        (*(f"seresnet{layers}" for layers in (18, 34, 50, 101, 152)), "seresnext50", "seresnext101", "senet154"),
        "squeeze-and-excitation ResNets",
    ),
}
"""Names of SLEAP's other encoders, and what of them keras.applications lacks."""


class PretrainedEncoderConfig(Section):
    """A network trained on ImageNet as encoder, and a UNet's decoder."""

    max_stride: ClassVar[int] = 32

    encoder: Annotated[str, Field(json_schema_extra={"enum": list(ENCODERS)})] = "efficientnetb0"
    """Name of the encoder: one of SLEAP's that keras.applications serves."""
    pretrained: bool = True
    """Start from weights trained on ImageNet; otherwise from random ones."""
    weights_file: str | None = None
    """File of the ImageNet weights. None: the one in Keras' cache; nothing is downloaded during a run."""
    decoder_filters: Count = 256
    """Filters of the decoder's first block."""
    decoder_filters_rate: Positive = 1.0
    """Factor by which filters grow with each block."""
    decoder_batchnorm: bool = True
    """Normalise over the batch after each convolution of the decoder. SLEAP always does."""

    @field_validator("encoder")
    @classmethod
    def _served(cls, encoder: str) -> str:
        if encoder in ENCODERS:
            return encoder
        what = f"keras.applications has no {NOT_SERVED[encoder]}" if encoder in NOT_SERVED else "unknown encoder"
        raise ValueError(f"{what}; choose one of {list(ENCODERS)}, got {encoder!r}")

    @model_validator(mode="after")
    def _weights(self) -> Self:
        if self.weights_file is not None and not self.pretrained:
            raise ValueError("weights_file has no use with pretrained: false; leave one of them out")
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the encoder."""
        return int(self.decoder_filters * self.decoder_filters_rate**block)

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        check_widths(self.width, levels(self.max_stride // stride))
