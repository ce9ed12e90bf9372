import re

import pytest
from pydantic import ValidationError

from antpipe.config.backbone import BackboneConfig
from antpipe.config.backbones.hourglass import HourglassConfig
from antpipe.config.backbones.leap import LeapConfig
from antpipe.config.backbones.pretrained_encoder import ENCODERS, NOT_SERVED
from antpipe.config.backbones.resnet import ResNetConfig
from antpipe.config.backbones.sizes import MOST_FILTERS
from antpipe.config.backbones.unet import UNetConfig
from antpipe.config.base import Section
from antpipe.config.model import ModelConfig

NAMES = list(BackboneConfig.model_fields)


def backbone(**named):
    return BackboneConfig.model_validate(named)


def test_the_default_is_a_unet():
    assert BackboneConfig().chosen == BackboneConfig.model_validate({}).chosen == UNetConfig()


@pytest.mark.parametrize("name", NAMES)
def test_naming_a_backbone_is_enough(name):
    config = backbone(**{name: {}})
    assert config.name == name
    assert [other for other in NAMES if getattr(config, other) is not None] == [name]
    assert config.chosen == type(config.chosen)()
    assert config.max_stride == config.chosen.max_stride
    assert BackboneConfig.model_validate(config.model_dump(mode="json")) == config
    assert backbone(**{name: {}}, **({} if name == "unet" else {"unet": None})) == config


@pytest.mark.parametrize(
    ("named", "got"),
    [
        ({"unet": None}, "none"),
        ({"leap": None}, "none"),
        ({"leap": {}, "unet": {}}, r"\['unet', 'leap'\]"),
        ({"resnet": {}, "leap": {}}, r"\['leap', 'resnet'\]"),
    ],
)
def test_there_is_exactly_one(named, got):
    with pytest.raises(ValidationError, match=f"set exactly one backbone, got {got}; choose one of .*'hourglass'"):
        BackboneConfig.model_validate(named)


REFUSED = [
    ({"unet": {"max_stride": 8, "stem_stride": 16}}, "stem_stride 16 must not be above max_stride 8"),
    ({"unet": {"max_stride": 1, "middle_block": False}}, "max_stride 1 without middle_block leaves no layer"),
    ({"unet": {"max_stride": 4, "stem_stride": 4, "middle_block": False}}, "raise max_stride above 4"),
    ({"unet": {"filters": 3, "filters_rate": 0.5}}, "block 2 would have no filter"),
    ({"unet": {"filters": 64, "filters_rate": 1e200}}, f"block 1 would have more than {MOST_FILTERS} filters"),
    ({"unet": {"filters": 10**400, "filters_rate": 1e300}}, "block 0 would have more than"),
    ({"unet": {"max_stride": 2**30}}, "block 11 would have more than"),
    ({"leap": {"max_stride": 1}}, "greater than or equal to 2"),
    ({"leap": {"max_stride": 12}}, "max_stride must be a power of two, got 12"),
    ({"leap": {"filters": 4, "filters_rate": 0.5}}, "block 3 would have no filter"),
    ({"hourglass": {"stem_stride": 8}}, "Input should be 1, 2 or 4"),
    ({"hourglass": {"max_stride": 4}}, "max_stride 4 must be above stem_stride 4"),
    ({"hourglass": {"max_stride": 24}}, "max_stride must be a power of two, got 24"),
    ({"hourglass": {"filter_increase": -1}}, "greater than or equal to 0"),
    ({"hourglass": {"filter_increase": 10**6}}, "a layer would have 3000256 filters"),
    ({"hourglass": {"stem_filters": 10**5}}, "a layer would have 200000 filters"),
    ({"resnet": {"version": "ResNet18"}}, "Input should be 'ResNet50', 'ResNet101' or 'ResNet152'"),
    ({"resnet": {"max_stride": 64}}, "Input should be 1, 2, 4, 8, 16 or 32"),
    ({"resnet": {"weights": "random", "weights_file": "a.h5"}}, "weights_file has no use with weights: random"),
    ({"resnet": {"upsampling": {"block_stride": 1}}}, "greater than or equal to 2"),
    ({"resnet": {"upsampling": {"block_stride": 6}}}, "block_stride must be a power of two, got 6"),
    (
        {"resnet": {"upsampling": {"method": "transposed_conv", "block_stride": 8}}},
        "transposed_conv_kernel_size 4 must not be below block_stride 8, else it leaves gaps",
    ),
    ({"pretrained_encoder": {"max_stride": 16}}, "Extra inputs are not permitted"),
    ({"pretrained_encoder": {"encoder": "resnet60"}}, "unknown encoder; choose one of .*, got 'resnet60'"),
    (
        {"pretrained_encoder": {"pretrained": False, "weights_file": "a.h5"}},
        "weights_file has no use with pretrained: false",
    ),
]


@pytest.mark.parametrize(("named", "message"), REFUSED)
def test_settings_that_make_no_network_are_refused_with_the_reason(named, message):
    with pytest.raises(ValidationError, match=message) as error:
        BackboneConfig.model_validate(named)
    assert error.value.error_count() == 1


STRIDES = [
    # backbone, output strides that it can have, one that it cannot, the reason
    ({"unet": {"max_stride": 8}}, (1, 2, 4, 8), 16, "head.output_stride 16 must not be above max_stride 8"),
    ({"unet": {"max_stride": 16, "stem_stride": 4}}, (1, 2, 4, 8, 16), 32, "must not be above max_stride 16"),
    ({"unet": {"stem_stride": 4, "stacks": 2}}, (4,), 2, r"unet.stacks 2 needs head.output_stride 4 \(the stem's\)"),
    ({"leap": {}}, (1, 2, 4, 8), 16, "must not be above max_stride 8"),
    ({"leap": {"stacks": 3}}, (1,), 2, r"leap.stacks 3 needs head.output_stride 1 \(the stem's\), got 2"),
    ({"hourglass": {}}, (4,), 8, r"hourglass.stacks 3 needs head.output_stride 4 \(the stem's\), got 8"),
    (
        {"hourglass": {"stacks": 1}},
        (4, 8, 16, 32, 64),
        2,
        "head.output_stride 2 must not be below backbone.hourglass.stem_stride 4",
    ),
    ({"resnet": {"max_stride": 16}}, (1, 2, 4, 8, 16), 32, "must not be above max_stride 16"),
    (
        {"resnet": {"upsampling": None, "max_stride": 8}},
        (8,),
        4,
        r"backbone.resnet has features of stride \[8\] only; set upsampling, got 4",
    ),
    (
        {"resnet": {"upsampling": {"block_stride": 4}}},
        (2, 8, 32),
        4,
        r"backbone.resnet has features of stride \[32, 8\] only; change upsampling.block_stride, got 4",
    ),
    (
        {"resnet": {"upsampling": {"filters": 2, "filters_rate": 0.5}}},
        (8, 16, 32),
        4,
        "block 2 would have no filter",
    ),
    ({"pretrained_encoder": {}}, (1, 2, 4, 8, 16, 32), 64, "must not be above max_stride 32"),
    ({"pretrained_encoder": {"decoder_filters": 1, "decoder_filters_rate": 0.9}}, (16, 32), 8, "block 1 would have"),
]


@pytest.mark.parametrize(("named", "possible", "impossible", "reason"), STRIDES)
def test_a_head_has_a_stride_that_the_backbone_reaches(named, possible, impossible, reason):
    for stride in possible:
        config = ModelConfig.model_validate({"backbone": named, "head": {"output_stride": stride}})
        strides = config.backbone.feature_strides(stride)
        assert strides[0] == config.backbone.max_stride
        assert strides[-1] == stride
    with pytest.raises(ValidationError, match=reason):
        ModelConfig.model_validate({"backbone": named, "head": {"output_stride": impossible}})


@pytest.mark.parametrize(
    ("named", "finest", "strides"),
    [
        ({"unet": {"max_stride": 16}}, 4, (16, 8, 4)),
        ({"hourglass": {}}, 4, (64, 32, 16, 8, 4)),
        ({"resnet": {"upsampling": {"block_stride": 4}}}, 2, (32, 8, 2)),
        ({"resnet": {"upsampling": None}}, 32, (32,)),
        ({"pretrained_encoder": {}}, 8, (32, 16, 8)),
    ],
)
def test_heads_attach_where_the_decoder_passes(named, finest, strides):
    assert BackboneConfig.model_validate(named).feature_strides(finest) == strides


SLEAPS_ENCODERS = (
    "vgg16 vgg19 resnet18 resnet34 resnet50 resnet101 resnet152 resnext50 resnext101 inceptionv3 inceptionresnetv2 "
    "densenet121 densenet169 densenet201 seresnet18 seresnet34 seresnet50 seresnet101 seresnet152 seresnext50 "
    "seresnext101 senet154 mobilenet mobilenetv2 efficientnetb0 efficientnetb1 efficientnetb2 efficientnetb3 "
    "efficientnetb4 efficientnetb5 efficientnetb6 efficientnetb7"
)


def test_every_encoder_of_sleap_is_served_or_has_a_reason():
    assert sorted([*ENCODERS, *NOT_SERVED]) == sorted(SLEAPS_ENCODERS.split())
    assert len(ENCODERS) == 20


@pytest.mark.parametrize("encoder", NOT_SERVED)
def test_an_encoder_that_keras_lacks_is_refused_with_the_reason(encoder):
    reason = rf"keras.applications has no {re.escape(NOT_SERVED[encoder])}; choose one of .*, got '{encoder}'"
    with pytest.raises(ValidationError, match=reason):
        backbone(pretrained_encoder={"encoder": encoder})


def test_filters_are_those_of_sleaps_formulas():
    assert [UNetConfig(filters=24, filters_rate=1.5).width(b) for b in range(5)] == [24, 36, 54, 81, 121]
    assert [LeapConfig().width(b) for b in range(4)] == [64, 128, 256, 512]
    assert [HourglassConfig().width(b) for b in range(HourglassConfig().blocks)] == [256, 384, 512, 640]


@pytest.mark.parametrize(
    ("named", "without"),
    [
        (
            {"resnet": {"weights": "frozen", "weights_file": "a.h5", "max_stride": 8}},
            {"resnet": {"weights": "random", "max_stride": 8}},
        ),
        (
            {"pretrained_encoder": {"encoder": "vgg16", "weights_file": "a.h5"}},
            {"pretrained_encoder": {"encoder": "vgg16", "pretrained": False}},
        ),
        ({"leap": {"filters": 8}}, {"leap": {"filters": 8}}),
    ],
)
def test_a_trained_model_needs_no_stored_weights(named, without):
    assert BackboneConfig.model_validate(named).without_stored_weights() == BackboneConfig.model_validate(without)


def sections(section):
    """A section and all below it, also those that are switched off by default."""
    yield section
    for field in section.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, Section):
                yield from sections(kind)


def test_every_field_has_a_meaning():
    found = list(sections(BackboneConfig))
    assert {ResNetConfig, HourglassConfig} < set(found)
    assert len(found) == 7
    for section in found:
        assert all(field.description.endswith(".") for field in section.model_fields.values())
