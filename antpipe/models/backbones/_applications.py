"""The networks of keras.applications that serve as encoders: their names there, weights, image values, skip layers."""

from dataclasses import dataclass
from typing import Literal

TF_FILE = "{}_weights_tf_dim_ordering_tf_kernels_notop.h5"


@dataclass(frozen=True, kw_only=True)
class Application:
    """One network of keras.applications, without its classifier; its last features have stride 32."""

    function: str
    """Name in keras.applications."""
    file: str
    """Name of the file of its ImageNet weights in Keras' cache."""
    mode: Literal["caffe", "tf", "torch", "bytes"]
    """Image values that it was trained with: BGR less the mean, -1 to 1, RGB by mean and deviation, 0 to 255."""
    skips: tuple[str | int, str | int, str | int, str | int]
    """Layers (by name, or by number where Keras numbers names anew each time) whose features have stride 2, 4, 8, 16:
    those that segmentation_models, and so SLEAP, connects to the decoder."""
    same_padding: bool = False
    """Whether Keras' network trims borders, so that strides only fit once it pads, as in segmentation_models."""
    centre: bool = False
    """Whether two convolutions follow the last pooling, as segmentation_models adds to networks that end with one."""


def _vgg(layers: int, convs: int) -> Application:
    return Application(
        function=f"VGG{layers}",
        file=TF_FILE.format(f"vgg{layers}"),
        mode="caffe",
        skips=("block2_conv2", f"block3_conv{convs}", f"block4_conv{convs}", f"block5_conv{convs}"),
        centre=True,
    )


def _resnet(layers: int, blocks: tuple[int, int]) -> Application:
    return Application(
        function=f"ResNet{layers}",
        file=TF_FILE.format(f"resnet{layers}"),
        mode="caffe",
        skips=("conv1_relu", "conv2_block3_out", f"conv3_block{blocks[0]}_out", f"conv4_block{blocks[1]}_out"),
    )


def _densenet(layers: int) -> Application:
    return Application(
        function=f"DenseNet{layers}",
        file=TF_FILE.format(f"densenet{layers}"),
        mode="torch",
        skips=("conv1_relu", "pool2_relu", "pool3_relu", "pool4_relu"),
    )


def _inception(function: str, file: str, skips: tuple[str, str]) -> Application:
    return Application(
        function=function, file=TF_FILE.format(file), mode="tf", skips=(9, 16, *skips), same_padding=True
    )


def _efficientnet(size: int) -> Application:
    return Application(
        function=f"EfficientNetB{size}",
        file=f"efficientnetb{size}_notop.h5",
        mode="bytes",
        skips=tuple(f"block{block}a_expand_activation" for block in (2, 3, 4, 6)),  # type: ignore[arg-type]
    )


APPLICATIONS = {
    "vgg16": _vgg(16, 3),
    "vgg19": _vgg(19, 4),
    "resnet50": _resnet(50, (4, 6)),
    "resnet101": _resnet(101, (4, 23)),
    "resnet152": _resnet(152, (8, 36)),
    "inceptionv3": _inception("InceptionV3", "inception_v3", ("mixed2", "mixed7")),
    "inceptionresnetv2": _inception("InceptionResNetV2", "inception_resnet_v2", ("block35_10_ac", "block17_20_ac")),
    "densenet121": _densenet(121),
    "densenet169": _densenet(169),
    "densenet201": _densenet(201),
    "mobilenet": Application(
        function="MobileNet",
        file="mobilenet_1_0_224_tf_no_top.h5",
        mode="tf",
        skips=("conv_pw_1_relu", "conv_pw_3_relu", "conv_pw_5_relu", "conv_pw_11_relu"),
    ),
    "mobilenetv2": Application(
        function="MobileNetV2",
        file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        mode="tf",
        skips=("block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu"),
    ),
    **{f"efficientnetb{size}": _efficientnet(size) for size in range(8)},
}
"""By SLEAP's names of encoders."""
