import json
import re
from pathlib import Path

import pytest
import yaml

from antpipe.config import reference
from antpipe.config.backbone import BackboneConfig
from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.config.project import Config, load_config, parse_config
from antpipe.errors import ConfigError

ROOT = Path(__file__).parents[2]


def model(**sections):
    return {"models": {"centroid": sections}}


def unet(**values):
    return model(backbone={"unet": values})


TOP = sorted(Config.model_fields)

UNKNOWN = [
    ({"video": "a.mp4"}, f"video: unknown key; did you mean 'videos'? known keys are {TOP}"),
    ({"qqq": 1}, f"qqq: unknown key; known keys are {TOP}"),
    (
        model(head={"sigmma": 1}),
        "models.centroid.head.sigmma: unknown key; did you mean 'sigma'? "
        "known keys are ['anchor_part', 'class_maps', 'class_vectors', 'loss_weight', 'offset_refinement', "
        "'output_stride', 'pafs', 'part_names', 'sigma']",
    ),
    (unet(filter=3), "models.centroid.backbone.unet.filter: unknown key; did you mean 'filters'?"),
    (unet(stride=3), "models.centroid.backbone.unet.stride: unknown key; did you mean "),
    (
        model(backbone={"hourglas": {}}),
        "models.centroid.backbone.hourglas: unknown key; did you mean 'hourglass'? "
        "known keys are ['hourglass', 'leap', 'pretrained_encoder', 'resnet', 'unet']",
    ),
    (
        model(backbone={"resnet": {"upsampling": {"filter": 3}}}),
        "models.centroid.backbone.resnet.upsampling.filter: unknown key; did you mean 'filters'?",
    ),
    (
        {"models": {"bottomup": {}}},
        "models.bottomup: unknown key; known keys are ['centered_instance', 'centroid', 'multi_class_bottomup', "
        "'multi_class_topdown', 'multi_instance', 'single_instance']",
    ),
    ({"track": {"windoww": 3}}, "track.windoww: unknown key; did you mean 'window'?"),
    ({"str": 3}, "str: unknown key; "),
]

WRONG = [
    ({"videos": 5}, "videos: Input should be a valid list, got 5"),
    ({"seed": -1}, "seed: Input should be greater than or equal to 0, got -1"),
    ({"seed": "many"}, "seed: Input should be a valid integer, unable to parse string as an integer, got 'many'"),
    ({"seed": 1.5}, "seed: Input should be a valid integer, got a number with a fractional part"),
    ({"experiment": "a b"}, "experiment: String should match pattern '^[A-Za-z0-9_.-]+$', got 'a b'"),
    ({"experiment": "../base"}, "experiment: String should match pattern"),
    ({"experiment": ".."}, "experiment: expected a name, which dots alone are not, got '..'"),
    ({"results": ""}, "results: expected the name of a folder, without {}, got ''"),
    ({"results": "{video}"}, "results: expected the name of a folder, without {}, got '{video}'"),
    ({"results": "a\0b"}, r"results: expected a path, without control characters, got 'a\x00b'"),
    ({"results": "a/" + "x" * 300}, "results: expected a path of names of at most 200 bytes, got 'a/xxx"),
    (
        {"results": "~/ants"},
        "results: expected the whole path of a folder, because ~ does not stand for the home folder",
    ),
    (model(base_checkpoint="x\0"), "models.centroid.base_checkpoint: expected a path, without control characters, got"),
    (model(input={"crop_size": 96}), "models.centroid: centroid models do not use ['input.crop_size']; leave them out"),
    (model(head={"part_names": ["head"]}), "centroid models do not use ['head.part_names']; leave them out"),
    (
        model(input={"crop_padding": 4}, head={"part_names": ["head"]}),
        "centroid models do not use ['input.crop_padding', 'head.part_names']; leave them out",
    ),
    ({"models": {"centroid": False}}, "models.centroid: Input should be a valid dictionary"),
    ({"models": None}, "models: Input should be a valid dictionary"),
    (model(input={"scale": 0}), "models.centroid.input.scale: Input should be greater than 0, got 0"),
    (model(input={"scale": float("nan")}), "models.centroid.input.scale: Input should be a finite number, got nan"),
    (model(input={"channels": 2}), "models.centroid.input.channels: Input should be 1 or 3, got 2"),
    (model(input={"crop_size": 0}), "models.centroid.input.crop_size: Input should be greater than or equal to 1"),
    (model(head={"sigma": 0}), "models.centroid.head.sigma: Input should be greater than 0, got 0"),
    (
        model(augmentation={"rotation": 15}),
        "models.centroid.augmentation.rotation: Input should be a valid tuple, got 15",
    ),
    (
        model(augmentation={"rotation": [10, -10]}),
        "models.centroid.augmentation: rotation must be [low, high], got [10.0, -10.0]",
    ),
    (model(augmentation={"scale": [0, 1]}), "models.centroid.augmentation: scale must be above 0, got [0.0, 1.0]"),
    (model(augmentation={"gaussian_noise": [0, -1]}), "models.centroid.augmentation.gaussian_noise.1: Input should be"),
    (model(optimization={"batch_size": 0}), "models.centroid.optimization.batch_size: Input should be greater than or"),
    (
        model(optimization={"precision": "float16"}),
        "models.centroid.optimization.precision: Input should be 'float32' or 'mixed_bfloat16', got 'float16'",
    ),
    (model(optimization={"plateau": {"factor": 1}}), "optimization.plateau.factor: Input should be less than 1, got 1"),
    ({"predict": {"peak_threshold": 2}}, "predict.peak_threshold: Input should be less than or equal to 1, got 2"),
    ({"predict": {"geometry": "sleap-nn"}}, "predict.geometry: Input should be 'exact' or 'sleap', got 'sleap-nn'"),
    ({"track": {"gate": 0}}, "track.gate: Input should be greater than 0, got 0"),
    ({"export": {"formats": ["parket"]}}, "export.formats.0: unknown export format 'parket'; choose one of ["),
    ({1: 2}, "1: Keys should be strings, got 1"),
]

DO_NOT_FIT = [
    (
        model(backbone={"unet": None}),
        "models.centroid.backbone: set exactly one backbone, got none; choose one of ['unet', 'leap', 'hourglass', "
        "'resnet', 'pretrained_encoder'], and give it {} for its defaults",
    ),
    (unet(max_stride=12), "models.centroid.backbone.unet: max_stride must be a power of two, got 12"),
    (unet(stem_stride=3), "models.centroid.backbone.unet: stem_stride must be a power of two, got 3"),
    (unet(stem_stride=32), "models.centroid.backbone.unet: stem_stride 32 must not be above max_stride 16"),
    (model(head={"output_stride": 3}), "models.centroid.head: output_stride must be a power of two, got 3"),
    (model(head={"output_stride": 32}), "models.centroid: head.output_stride 32 must not be above max_stride 16"),
    (
        {"models": {"centroid": {"head": {"output_stride": 2}, "backbone": {"unet": {"stacks": 2}}}}},
        "models.centroid: backbone.unet.stacks 2 needs head.output_stride 1 (the stem's), got 2",
    ),
]


@pytest.mark.parametrize(("value", "message"), UNKNOWN + WRONG + DO_NOT_FIT)
def test_a_bad_key_is_one_sentence_with_its_path(value, message):
    with pytest.raises(ConfigError) as error:
        parse_config(value, "my config.yaml")
    text = str(error.value)
    assert text.startswith("my config.yaml: ")
    assert message in text
    assert "\n" not in text
    assert text.count(", got ") <= 1
    assert "Value error" not in text


def test_every_bad_key_is_named():
    with pytest.raises(ConfigError) as error:
        parse_config({"video": 1, "seed": -1, "track": {"gate": -1}})
    assert re.findall(r"(\S+): (?:unknown|Input)", str(error.value)) == ["seed", "track.gate", "video"]


def test_an_empty_configuration_is_the_defaults():
    assert parse_config({}) == Config()
    assert Config().models.centroid == Config().models.centered_instance == ModelConfig()
    assert set(Config().models.chosen) == {"centroid", "centered_instance"}


def test_a_configuration_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="frozen"):
        Config().seed = 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "configuration not found"),
        (b"videos: [", "expected YAML, but while parsing a flow"),
        (b"\xff\xfe\x00", "expected YAML, but"),
        (b"just text", "expected sections such as `videos:`, got 'just text'"),
        (b"- a\n- b\n", "expected sections such as `videos:`, got ['a', 'b']"),
        (b"!!python/object/apply:os.system ['true']", "expected YAML, but could not determine a constructor"),
    ],
)
def test_a_file_that_is_no_configuration_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "my config ü.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match="expected a YAML file, but it cannot be read"):
        load_config(tmp_path)


def test_an_empty_file_is_the_defaults(tmp_path):
    (tmp_path / "c.yaml").write_text("# nothing yet\n")
    assert load_config(tmp_path / "c.yaml") == Config()


@pytest.mark.parametrize(
    "path", [ROOT / "config.yaml", *sorted(ROOT.glob("examples/*/config.yaml"))], ids=lambda p: p.parent.name
)
def test_the_configurations_we_ship_load(path):
    config = load_config(path)
    assert parse_config(config.model_dump(mode="json")) == config


def test_the_reference_and_the_schema_are_those_of_the_code():
    assert (ROOT / reference.MARKDOWN).read_text(encoding="utf-8") == reference.reference()
    assert (ROOT / reference.SCHEMA).read_text(encoding="utf-8") == reference.schema()


def test_writing_the_reference_writes_both_files(tmp_path):
    reference.main(tmp_path)
    assert (tmp_path / reference.MARKDOWN).read_text(encoding="utf-8") == reference.reference()
    assert json.loads((tmp_path / reference.SCHEMA).read_text(encoding="utf-8"))["additionalProperties"] is False


def leaves(section, prefix=""):
    """The dotted keys of a section written out in full."""
    for name, value in section.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def every_key():
    """The keys of the whole configuration, also those of backbones that are not chosen."""
    configs = [parse_config(model(backbone={name: {}})) for name in BackboneConfig.model_fields]
    keys = {key for config in configs for key in leaves(config.model_dump(mode="json"))}
    backbones = tuple(f".backbone.{name}" for name in BackboneConfig.model_fields)
    return {key.replace("models.centroid.", "models.*.") for key in keys if not key.endswith(backbones)}


def test_every_key_is_in_the_reference_with_its_default_and_a_meaning():
    rows = re.findall(r"^\| `(.+?)` \| `(.*?)` \| (.*) \|$", reference.reference(), re.M)
    # `parts` changes no result, so it is left out of what is written down of a run.
    keys = every_key() | {"predict.parts"}
    models = tuple(f"models.{name}" for name in MODEL_TYPES)
    assert {key for key, _, _ in rows} == {key for key in keys if not key.startswith(models)}
    assert all(meaning.endswith(".") for _, _, meaning in rows)
    defaults = {key: json.loads(default) for key, default, _ in rows}
    assert defaults["models.*.head.sigma"] == Config().models.centroid.head.sigma
    assert defaults["models.*.augmentation.rotation"] == [-180.0, 180.0]


def test_every_model_type_is_in_the_reference_with_a_meaning():
    rows = re.findall(r"^\| `models\.(\w+)` \| see above \| .*\. \|$", reference.reference(), re.M)
    assert rows == list(MODEL_TYPES)


def test_every_section_documents_every_field():
    def fields(section):
        for field in section.model_fields.values():
            yield field
            if hasattr(field.annotation, "model_fields"):
                yield from fields(field.annotation)

    assert all(field.description for field in fields(Config))


def test_numbers_as_yaml_writes_them():
    # YAML 1.1 takes 1e-3 for text; a user means the number.
    config = parse_config(yaml.safe_load("models: {centroid: {optimization: {learning_rate: 1e-3}}}"))
    assert config.models.centroid.optimization.learning_rate == 0.001
