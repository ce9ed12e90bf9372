"""Which models work together, and which settings each type of model uses."""

import itertools

import pytest

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES, PIPELINES
from antpipe.config.project import parse_config
from antpipe.errors import ConfigError


def models_of(*names, **sections):
    return parse_config({"models": dict.fromkeys(names, sections)}).models


@pytest.mark.parametrize("names", PIPELINES)
def test_models_of_one_pipeline_are_taken(names):
    models = models_of(*names)
    assert models.chosen == {name: ModelConfig() for name in names}
    assert all(getattr(models, name) is None for name in set(MODEL_TYPES) - set(names))


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({}, ("centroid", "centered_instance")),
        ({"centroid": None}, ("centroid", "centered_instance")),
        ({"centroid": {"head": {"sigma": 3}}}, ("centroid", "centered_instance")),
        ({"centered_instance": {"head": {"sigma": 3}}, "centroid": None}, ("centroid", "centered_instance")),
        ({"multi_class_topdown": {"head": {"sigma": 3}}}, ("centroid", "multi_class_topdown")),
        (
            {"multi_class_topdown": {"head": {"sigma": 3}}, "centered_instance": None},
            ("centroid", "multi_class_topdown"),
        ),
        ({"single_instance": {"head": {"sigma": 3}}, "centroid": None}, ("single_instance",)),
        ({"multi_instance": {"head": {"sigma": 3}}}, ("multi_instance",)),
    ],
)
def test_the_partner_of_a_top_down_model_comes_with_its_defaults(value, names):
    chosen = parse_config({"models": value}).models.chosen
    assert tuple(chosen) == names
    for name, model in chosen.items():
        assert model.head.sigma == (3 if value.get(name) else 1.5)
        assert model == ModelConfig.model_validate(value.get(name) or {})


TOGETHER = {frozenset(names) for names in (*PIPELINES, ("centroid",), ("centered_instance",), ("multi_class_topdown",))}
OTHERS = [
    names
    for count in range(1, len(MODEL_TYPES) + 1)
    for names in itertools.combinations(MODEL_TYPES, count)
    if frozenset(names) not in TOGETHER
]


@pytest.mark.parametrize("names", OTHERS, ids="+".join)
def test_models_that_do_not_work_together_are_refused_with_the_list(names):
    with pytest.raises(ConfigError) as error:
        models_of(*names)
    assert str(error.value) == (
        f"config: models: expected models that work together, one of {[list(p) for p in PIPELINES]}, got {list(names)}"
    )


def test_there_are_many_that_do_not_work_together():
    assert len(OTHERS) == 2 ** len(MODEL_TYPES) - 1 - len(TOGETHER)


@pytest.mark.parametrize("value", [False, 0, "", [], "yes", 3])
@pytest.mark.parametrize("name", MODEL_TYPES)
def test_what_is_no_section_is_no_model(name, value):
    with pytest.raises(ConfigError, match=rf"^config: models.{name}: Input should be a valid dictionary"):
        parse_config({"models": {name: value}})


USED = {
    "centroid": {"head.anchor_part"},
    "centered_instance": {"input.crop_size", "input.crop_padding", "head.anchor_part", "head.part_names"},
    "single_instance": {"head.part_names"},
    "multi_instance": {"head.part_names", "head.pafs"},
    "multi_class_bottomup": {"head.part_names", "head.class_maps"},
    "multi_class_topdown": {
        *("input.crop_size", "input.crop_padding", "head.anchor_part", "head.part_names", "head.class_vectors"),
    },
}
"""Which of the settings that not all models use are used by which."""
SETTINGS = {
    "input.crop_size": 96,
    "input.crop_padding": 4,
    "head.anchor_part": "thorax",
    "head.part_names": ["thorax", "head"],
    "head.pafs": {"sigma": 20},
    "head.class_maps": {"classes": ["a", "b"]},
    "head.class_vectors": {"num_fc_units": 8},
}


def config_of(*names):
    value = {"input": {}, "head": {}}
    for name in names:
        section, field = name.split(".")
        value[section][field] = SETTINGS[name]
    return ModelConfig.model_validate(value)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_a_setting_that_the_type_does_not_use_is_refused(model_type, name):
    config = config_of(name)
    if name in USED[model_type]:
        config.check_type(model_type)
    else:
        with pytest.raises(ValueError, match=rf"^{model_type} models do not use \['{name}'\]; leave them out$"):
            config.check_type(model_type)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_all_settings_without_use_are_named_at_once(model_type):
    unused = [name for name in SETTINGS if name not in USED[model_type]]
    with pytest.raises(ValueError, match="do not use") as error:
        config_of(*SETTINGS).check_type(model_type)
    assert str(error.value) == f"{model_type} models do not use {unused}; leave them out"


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_the_defaults_suit_every_type(model_type):
    config = ModelConfig()
    config.check_type(model_type)
    written = ModelConfig.model_validate(config.model_dump(mode="json"))
    written.check_type(model_type)  # settings written out in full are no other settings


@pytest.mark.parametrize("names", PIPELINES)
def test_a_refused_setting_says_in_which_model_it_is(names):
    head = {"pafs": {"sigma": 20}, "class_maps": {"sigma": 20}, "class_vectors": {"num_fc_units": 8}}
    with pytest.raises(ConfigError) as error:
        models_of(*names, head=head)
    sentences = str(error.value).removeprefix("config: ").split("; models.")
    unused = {name: [f"head.{key}" for key in head if key not in MODEL_TYPES[name].heads] for name in names}
    expected = [
        f"{n}: {n} models do not use {unused[n]}; leave them out" for n in sorted(names, key=list(MODEL_TYPES).index)
    ]
    assert sentences == [f"models.{expected[0]}", *expected[1:]]


STRIDES = {"multi_instance": "pafs", "multi_class_bottomup": "class_maps", "multi_class_topdown": "class_vectors"}


@pytest.mark.parametrize("model_type", STRIDES)
def test_no_head_has_a_stride_above_the_largest(model_type):
    head = STRIDES[model_type]
    value = {"backbone": {"unet": {"max_stride": 8}}, "head": {head: {"output_stride": 8}}}
    ModelConfig.model_validate(value).check_type(model_type)
    value["head"][head]["output_stride"] = 16
    with pytest.raises(ValueError, match=rf"^head.{head}.output_stride 16 must not be above 8"):
        ModelConfig.model_validate(value).check_type(model_type)


@pytest.mark.parametrize("head", STRIDES.values())
@pytest.mark.parametrize("stride", [3, 6, 12])
def test_strides_are_powers_of_two(head, stride):
    with pytest.raises(ValueError, match=rf"{head}.output_stride must be a power of two, got {stride}"):
        ModelConfig.model_validate({"head": {head: {"output_stride": stride}}})


COARSE = {"resnet": {"weights": "random", "upsampling": {"block_stride": 4}}}


@pytest.mark.parametrize(
    ("backbone", "stride", "pafs", "message"),
    [
        (COARSE, 2, 8, None),
        (COARSE, 8, 2, None),
        (COARSE, 8, 8, None),
        (COARSE, 2, 4, r"features of stride \[32, 8, 2\] only; change head.pafs.output_stride, got 4"),
        (COARSE, 8, 4, "^head.pafs.output_stride 4 is finer than the confidence maps: backbone.resnet has features"),
        ({"hourglass": {}}, 4, 16, None),
        (
            {"hourglass": {"stacks": 1}},
            4,
            2,
            "^head.pafs.output_stride 2 is finer than the .* must not be below .* 4, ",
        ),
        ({"hourglass": {}}, 4, 2, "^head.pafs.output_stride 2 is finer than the .* needs head.output_stride 4"),
        ({"unet": {"stacks": 2}}, 1, 8, None),
        ({"unet": {}}, 4, 2, None),
    ],
)
def test_heads_have_strides_that_the_backbone_gives(backbone, stride, pafs, message):
    config = ModelConfig.model_validate(
        {"backbone": backbone, "head": {"output_stride": stride, "pafs": {"output_stride": pafs}}}
    )
    if message is None:
        config.check_type("multi_instance")
    else:
        with pytest.raises(ValueError, match=message):
            config.check_type("multi_instance")
