import copy
import json

import pytest

from antpipe.config.sleap import read_sleap_config
from antpipe.errors import ConfigError

MINIMAL = {
    "data": {
        "labels": {"training_inds": None, "validation_inds": None},
        "preprocessing": {"ensure_rgb": False, "input_scaling": 0.5},
        "instance_cropping": {"center_on_part": "thorax", "crop_size": 96, "crop_size_detection_padding": 20},
    },
    "model": {
        "heads": {
            "single_instance": None,
            "centroid": None,
            "centered_instance": {
                "anchor_part": None,
                "part_names": ["head", "thorax"],
                "sigma": 2.5,
                "output_stride": 4,
                "loss_weight": 1.0,
                "offset_refinement": False,
            },
        },
        "backbone": {
            "leap": None,
            "unet": {
                "stem_stride": None,
                "max_stride": 16,
                "output_stride": 4,
                "filters": 24,
                "filters_rate": 2.0,
                "middle_block": True,
                "up_interpolate": True,
                "stacks": 1,
            },
        },
        "base_checkpoint": None,
    },
    "optimization": {
        "augmentation_config": {
            "rotate": True,
            "rotation_min_angle": -15.0,
            "rotation_max_angle": 15.0,
            "scale": False,
            "scale_min": 0.9,
            "scale_max": 1.1,
            "random_flip": True,
            "flip_horizontal": False,
        },
        "batch_size": 4,
        "epochs": 200,
        "optimizer": "adam",
        "initial_learning_rate": 0.0001,
        "learning_rate_schedule": {"reduce_on_plateau": True, "plateau_patience": 8},
        "early_stopping": {"stop_training_on_plateau": True, "plateau_patience": 20},
        "hard_keypoint_mining": {"online_mining": True, "max_hard_keypoints": None},
    },
}


def document(**changes):
    """The minimal configuration with values changed, given as {"dotted.key": value}."""
    value = copy.deepcopy(MINIMAL)
    for key, new in changes.items():
        *path, last = key.split(".")
        place = value
        for part in path:
            place = place[part]
        place[last] = new
    return value


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "initial config ü.json"
        text = content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content))
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_sleap_config(path)

    return read


def test_every_number_has_its_place(read):
    config = read(MINIMAL)
    model = config.model
    assert (config.model_type, config.crop_size) == ("centered_instance", 96)
    assert model.head.offset_refinement is False
    assert model.input.model_dump() == {"channels": 1, "scale": 0.5, "crop_size": 96, "crop_padding": 20}
    assert model.backbone.unet.model_dump() == {
        k: v for k, v in MINIMAL["model"]["backbone"]["unet"].items() if k != "output_stride"
    }
    assert model.head.anchor_part == "thorax"
    assert model.head.part_names == ("head", "thorax")
    assert (model.head.sigma, model.head.output_stride) == (2.5, 4)
    assert model.augmentation.rotation == (-15, 15)
    assert (model.augmentation.flip_horizontal, model.augmentation.flip_vertical) == (False, True)
    off = ("scale", "translation", "uniform_noise", "gaussian_noise", "contrast", "brightness")
    assert all(getattr(model.augmentation, name) is None for name in off)
    optimization = model.optimization
    assert (optimization.batch_size, optimization.epochs, optimization.learning_rate) == (4, 200, 1e-4)
    assert (optimization.min_batches_per_epoch, optimization.plateau.patience) == (200, 8)
    assert (optimization.plateau.cooldown, optimization.plateau.min_learning_rate) == (3, 1e-8)
    assert (optimization.early_stopping.patience, optimization.early_stopping.min_delta) == (20, 1e-6)
    assert optimization.hard_keypoints.enabled is True
    assert config.training_indices is None
    assert config.notes == ()


def test_a_centroid_has_no_crop(read):
    head = {**MINIMAL["model"]["heads"]["centered_instance"]}
    del head["part_names"]
    heads = {"centroid": {**head, "anchor_part": "head", "offset_refinement": True}, "centered_instance": None}
    config = read(document(**{"model.heads": heads}))
    assert (config.model_type, config.crop_size, config.model.head.offset_refinement) == ("centroid", None, True)
    assert config.model.head.anchor_part == "head"


def test_what_is_switched_off_does_nothing(read):
    off = {"reduce_on_plateau": False, "stop_training_on_plateau": False, "plateau_patience": 3}
    changes = {"optimization.learning_rate_schedule": off, "optimization.early_stopping": off}
    optimization = read(document(**changes)).model.optimization
    assert (optimization.schedule, optimization.early_stopping.patience) == ("constant", None)


@pytest.mark.parametrize(
    ("name", "optimizer", "momentum"),
    [
        *[("adam", "amsgrad", None), ("Adam", "amsgrad", None), (None, "amsgrad", None), ("adamw", "adamw", None)],
        *[("rmsprop", "rmsprop", None), ("sgd", "sgd", 0.0)],
    ],
)
def test_optimizers_are_those_that_sleap_means(read, name, optimizer, momentum):
    config = read(document(**{"optimization.optimizer": name}))
    assert (config.model.optimization.optimizer, config.model.optimization.momentum) == (optimizer, momentum)
    assert config.notes == ()


WINDOW = {"random_crop": True, "random_crop_width": 192, "random_crop_height": 128}
CENTROID = {"centroid": {"anchor_part": None, "sigma": 2.5, "output_stride": 4}}


@pytest.mark.parametrize(
    ("values", "window"),
    [(WINDOW, (192, 128)), ({"random_crop": True}, (256, 256)), ({**WINDOW, "random_crop": False}, None), ({}, None)],
)
def test_a_window_is_cut_from_frames_and_not_from_crops(read, values, window):
    frames = read(document(**{"optimization.augmentation_config": values, "model.heads": CENTROID}))
    assert frames.model.augmentation.random_crop == window
    frames.model.check_type("centroid")
    crops = read(document(**{"optimization.augmentation_config": values}))
    assert crops.model.augmentation.random_crop is None
    crops.model.check_type("centered_instance")


def test_every_augmentation_has_its_place(read):
    values = {
        **dict.fromkeys(("rotate", "translate", "scale", "uniform_noise", "gaussian_noise", "contrast"), True),
        **{"brightness": True, "random_flip": True, "flip_horizontal": True},
        **{"rotation_min_angle": -1, "rotation_max_angle": 2, "translate_min": -3, "translate_max": 4},
        **{"scale_min": 0.5, "scale_max": 1.5, "uniform_noise_min_val": 5, "uniform_noise_max_val": 6},
        **{"gaussian_noise_mean": 7, "gaussian_noise_stddev": 8, "contrast_min_gamma": 0.9, "contrast_max_gamma": 1.9},
        **{"brightness_min_val": 10, "brightness_max_val": 11},
    }
    assert read(document(**{"optimization.augmentation_config": values})).model.augmentation.model_dump() == {
        **{"rotation": (-1, 2), "translation": (-3, 4), "scale": (0.5, 1.5), "uniform_noise": (5, 6)},
        **{"gaussian_noise": (7, 8), "contrast": (0.9, 1.9), "brightness": (10, 11), "random_crop": None},
        **{"flip_horizontal": True, "flip_vertical": False},
    }


def test_every_number_of_hard_keypoint_mining_has_its_place(read):
    mining = {"online_mining": True, "hard_to_easy_ratio": 3.0, "min_hard_keypoints": 1, "max_hard_keypoints": 4}
    config = read(document(**{"optimization.hard_keypoint_mining": {**mining, "loss_scale": 2.5}}))
    assert config.model.optimization.hard_keypoints.model_dump() == {
        **{"enabled": True, "ratio": 3.0, "min_nodes": 1, "max_nodes": 4, "loss_scale": 2.5}
    }


def test_the_weights_to_begin_with_are_named(read):
    assert read(document(**{"model.base_checkpoint": "models/ü 1"})).model.base_checkpoint == "models/ü 1"
    assert read(document(**{"model.base_checkpoint": ""})).model.base_checkpoint is None


@pytest.mark.parametrize(("labels", "fraction"), [({"validation_fraction": 0.2}, 0.2), ({}, 0.1)])
def test_the_share_for_validation_comes_with_the_configuration(read, labels, fraction):
    assert read(document(**{"data.labels": labels})).validation_fraction == fraction


def test_the_split_comes_with_the_configuration(read):
    labels = {"training_inds": [3, 1], "validation_inds": [0], "test_inds": [2]}
    assert read(document(**{"data.labels": labels})).training_indices == {"train": [3, 1], "val": [0], "test": [2]}
    labels = {"training_inds": [3, 1], "validation_inds": [0], "test_inds": None}
    assert read(document(**{"data.labels": labels})).training_indices == {"train": [3, 1], "val": [0]}


def test_comments_go_and_what_looks_like_one_stays(read):
    text = json.dumps(document(**{"data.instance_cropping.center_on_part": 'a // "b" \\ c'}), indent=1)
    text = text.replace('"data": {', '"data": { // where "labels" are: http://example.org', 1)
    config = read("// SLEAP configuration\n" + text + "\n// the end")
    assert config.model.head.anchor_part == 'a // "b" \\ c'


def test_what_is_left_out_is_said(read):
    changes = {"optimization.optimizer": "Ftrl", "data.preprocessing.imagenet_mode": "tf"}
    config = read(document(**changes, **{"data.labels": {"validation_labels": "v.slp"}}))
    assert sorted(config.notes) == [
        "data.labels.validation_labels = 'v.slp' of the SLEAP configuration is not used",
        "data.preprocessing.imagenet_mode = 'tf' of the SLEAP configuration is not used",
        "optimization.optimizer = 'Ftrl' of the SLEAP configuration is not used",
    ]
    assert config.model.optimization.optimizer == "amsgrad"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"expected JSON, but line 1 cannot be read"),
        ('{"data": \n 5', r"expected JSON, but line 2 cannot be read"),
        (b"\xff\xfe\x00", r"expected JSON, but it is not text"),
        ("[]", r"expected a SLEAP training configuration, but it is not one \(TypeError"),
        ("{}", r"expected a SLEAP training configuration, but it is not one \(KeyError\('data'\)\)"),
        (document(**{"optimization.augmentation_config": None}), "expected a SLEAP training configuration"),
        (document(**{"model.heads": {"centroid": None}}), r"model.heads: expected exactly one, got \[\]"),
        (
            document(**{"model.heads.single_instance": {}}),
            r"model.heads: expected exactly one, got \['centered_instance', 'single_instance'\]",
        ),
        (
            document(**{"model.heads": {"multi_view": {}}}),
            r"model type 'multi_view' is not supported; choose one of \['centroid', 'centered_instance', ",
        ),
        (
            document(**{"model.backbone": {"hrnet": {}}}),
            r"backbone 'hrnet' is not supported; choose one of \['unet', 'leap', 'hourglass', 'resnet', 'pretrained_e",
        ),
        (document(**{"model.backbone": {"leap": None}}), r"model.backbone: expected exactly one, got \[\]"),
        # SLEAP has no upsampling where none is named, and then its head has the stride of the encoder.
        (
            document(**{"model.backbone": {"resnet": {"output_stride": 4}}}),
            r"ü.json: backbone.resnet has features of stride \[32\] only; set upsampling, got 4",
        ),
        (
            document(**{"model.backbone": {"pretrained_encoder": {"encoder": "seresnet50"}}}),
            r"backbone.pretrained_encoder.encoder: keras.applications has no squeeze-and-excitation ResNets; choose",
        ),
        (
            document(**{"model.backbone.unet.max_stride": 12}),
            r"backbone.unet: max_stride must be a power of two, got 12",
        ),
        (document(**{"model.backbone.unet.new_field": 1}), r"backbone.unet.new_field: Extra inputs are not permitted"),
        (document(**{"model.heads.centered_instance.sigma": "wide"}), r"head.sigma: Input should be a valid number"),
        ('{"data": ' * 100_000, r"expected JSON, but it cannot be read \(it is nested too deep\)"),
        (
            document(**{"data.labels": {"training_inds": 0.5, "validation_inds": [1]}}),
            r"it is not one \(data.labels.training_inds: expected a list of frames, got 0.5\)",
        ),
        (document(**{"data.labels": {"validation_fraction": "much"}}), r"it is not one \(could not convert string to"),
        (document(**{"data.preprocessing.input_scaling": 0}), r"input.scale: Input should be greater than 0"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(read, content, message):
    with pytest.raises(ConfigError, match=message) as error:
        read(content)
    assert "initial config ü.json: " in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.json: SLEAP configuration not found"):
        read_sleap_config(tmp_path / "nothing.json")


HEADS = {
    "minimal_instance.UNet.centroid": "centroid",
    "minimal_instance.UNet.centered_instance": "centered_instance",
    "minimal_instance.UNet.bottomup": "multi_instance",
    "min_tracks_2node.UNet.bottomup_multiclass": "multi_class_bottomup",
    "min_tracks_2node.UNet.topdown_multiclass": "multi_class_topdown",
    "minimal_robot.UNet.single_instance": "single_instance",
}


FILTERS = {"minimal_instance": (16, 1.5), "min_tracks_2node": (8, 1.5), "minimal_robot": (8, 2.0)}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("file", ["initial_config.json", "training_config.json"])
def test_sleaps_own_models_convert(shared_data, name, file):
    path = shared_data / "sleap_models" / name / file
    config = read_sleap_config(path)
    assert config.model_type == HEADS[name]
    config.model.check_type(config.model_type)
    unet, head = config.model.backbone.unet, config.model.head
    assert (unet.filters, unet.filters_rate) == FILTERS[name.split(".")[0]]
    assert head.offset_refinement == name.startswith("minimal_instance")


def test_settings_of_several_heads_have_their_places(shared_data):
    def head(name):
        return read_sleap_config(shared_data / "sleap_models" / name / "training_config.json").model.head

    bottomup = head("minimal_instance.UNet.bottomup")
    assert (bottomup.sigma, bottomup.output_stride, bottomup.part_names) == (1.5, 2, ("A", "B"))
    assert (bottomup.pafs.sigma, bottomup.pafs.output_stride) == (50, 4)
    maps = head("min_tracks_2node.UNet.bottomup_multiclass").class_maps
    assert (maps.classes, maps.sigma, maps.output_stride, maps.loss_weight) == (("female", "male"), 5, 2, 2)
    topdown = head("min_tracks_2node.UNet.topdown_multiclass")
    vectors = topdown.class_vectors
    assert (vectors.num_fc_layers, vectors.num_fc_units, vectors.output_stride) == (3, 64, 16)
    assert (vectors.loss_weight, topdown.anchor_part) == (0.01, "thorax")


BACKBONES = {
    "leap": {"max_stride": 8, "filters": 64, "filters_rate": 2.0, "up_interpolate": False, "stacks": 1},
    "unet": {**MINIMAL["model"]["backbone"]["unet"], "stem_stride": 4, "output_stride": 4},
    "hourglass": {
        "stem_stride": 4,
        "max_stride": 64,
        "stem_filters": 128,
        "filters": 256,
        "filter_increase": 128,
        "stacks": 3,
    },
    "resnet": {
        "version": "ResNet101",
        "weights": "tunable",
        "upsampling": {
            "method": "transposed_conv",
            "skip_connections": "add",
            "block_stride": 2,
            "filters": 32,
            "filters_rate": 1.5,
            "refine_convs": 1,
            "batch_norm": False,
            "transposed_conv_kernel_size": 3,
        },
        "max_stride": 16,
    },
    "pretrained_encoder": {
        "encoder": "mobilenetv2",
        "pretrained": True,
        "decoder_filters": 128,
        "decoder_filters_rate": 0.5,
        "decoder_batchnorm": True,
    },
}
"""Backbones with all fields that SLEAP writes, but for the output stride, which it repeats from the head."""
OURS_ALONE = {"weights_file": None}


@pytest.mark.parametrize("name", BACKBONES)
def test_every_field_of_every_backbone_has_its_place(read, name):
    others = dict.fromkeys(set(BACKBONES) - {name})
    backbone = read(document(**{"model.backbone": {**others, name: {**BACKBONES[name], "output_stride": 4}}}))
    chosen = backbone.model.backbone.chosen
    assert backbone.model.backbone.name == name
    assert chosen.model_dump() == {
        **{key: value for key, value in OURS_ALONE.items() if key in type(chosen).model_fields},
        **{key: value for key, value in BACKBONES[name].items() if key != "output_stride"},
    }


@pytest.mark.parametrize(
    ("name", "field", "default"),
    [
        ("unet", "filters", 64),
        ("leap", "filters", 64),
        ("hourglass", "stacks", 3),
        ("resnet", "upsampling", None),
        ("resnet", "weights", "frozen"),
        ("pretrained_encoder", "encoder", "efficientnetb0"),
    ],
)
def test_what_a_file_leaves_out_has_sleaps_default(read, name, field, default):
    changes = {"model.backbone": {name: {}}, "model.heads.centered_instance.output_stride": 4}
    if name == "resnet":
        changes["model.heads.centered_instance.output_stride"] = 32
    assert getattr(read(document(**changes)).model.backbone.chosen, field) == default


@pytest.mark.parametrize(
    ("folder", "filters", "stride", "anchor", "crop", "split"),
    [
        ("general/filter_32-stride_32.240425_031454.centroid", 32, 32, None, None, (62, 21, 21)),
        ("general/filter_32-stride_32.240425_031454.centered_instance", 32, 32, None, 288, (62, 21, 21)),
        ("general/filter_32-stride_16.240425_031454.centroid", 32, 16, None, None, (62, 21, 21)),
        ("general/filter_32-stride_16.240425_031454.centered_instance", 32, 16, None, 288, (62, 21, 21)),
        ("general/filter_16-stride_8.240425_031454.centroid", 16, 8, None, None, (62, 21, 21)),
        ("general/filter_16-stride_8.240425_031454.centered_instance", 16, 8, None, 280, (62, 21, 21)),
        ("general/part_LowerThorax.240425_031454.centroid", 16, 16, "LowerThorax", None, (62, 21, 21)),
        ("general/part_LowerThorax.240425_031454.centered_instance", 24, 16, "LowerThorax", 288, (62, 21, 21)),
        ("leaf_tip/240514_102521.centroid.fold_1", 32, 16, "LowerThorax", None, (63, 21, 21)),
        ("leaf_tip/240514_102521.centroid.fold_2", 32, 16, "LowerThorax", None, (63, 21, 21)),
        ("leaf_tip/240514_103059.centered_instance.fold_1", 32, 32, "LowerThorax", 352, (63, 21, 21)),
        ("leaf_tip/240514_103059.centered_instance.fold_2", 32, 32, "LowerThorax", 352, (63, 21, 21)),
    ],
)
def test_the_ant_models_convert(shared_data, folder, filters, stride, anchor, crop, split):
    config = read_sleap_config(shared_data / "ants_models" / folder / "training_config.json")
    unet = config.model.backbone.unet
    assert config.model_type in folder
    assert (unet.filters, unet.max_stride, config.model.head.anchor_part, config.crop_size) == (
        filters,
        stride,
        anchor,
        crop,
    )
    assert config.model.input.scale == (0.5 if config.model_type == "centroid" else 1.0)
    assert tuple(len(config.training_indices[part]) for part in ("train", "val", "test")) == split
    again = read_sleap_config(shared_data / "ants_models" / folder / "initial_config.json")
    assert again.model.backbone == config.model.backbone
    assert again.model.optimization == config.model.optimization


def test_no_model_of_the_shared_data_is_left_out(shared_data):
    folders = {p.parent for p in shared_data.glob("*_models/**/training_config.json")}
    assert len(folders) == len(HEADS) + 12
