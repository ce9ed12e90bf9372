import pytest

from antpipe.config.project import parse_config
from antpipe.errors import ConfigError

FILTERS = "centered_instance.backbone.unet.filters"
STRIDE = "centered_instance.backbone.unet.max_stride"
SIGMA = "centroid.head.sigma"


def test_without_a_grid_each_model_is_trained_once():
    runs = parse_config({"experiment": "first"}).runs()
    assert list(runs) == [("first", "centroid"), ("first", "centered_instance")]
    assert all(run.fold == 0 for run in runs.values())


def test_a_grid_trains_all_combinations_of_its_own_model_and_the_other_model_once():
    runs = parse_config({"grid": {FILTERS: [8, 16, 24], STRIDE: [8, 16]}}).runs()
    tried = {run.name: run.settings.backbone.unet for run in runs.values() if run.model_type == "centered_instance"}
    assert {(unet.filters, unet.max_stride) for unet in tried.values()} == {
        (f, s) for f in (8, 16, 24) for s in (8, 16)
    }
    assert tried["base-filters_24-max_stride_8"].filters == 24
    assert [name for name, model_type in runs if model_type == "centroid"] == ["base"]


def test_adding_a_value_leaves_the_other_runs_as_they_are():
    before = parse_config({"grid": {FILTERS: [8, 16]}}).runs()
    after = parse_config({"grid": {FILTERS: [8, 16, 24]}}).runs()
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 1


def test_every_fold_is_a_run_of_its_own():
    runs = parse_config({"split": {"folds": 4}, "grid": {SIGMA: [1.5, 2.5]}}).runs()
    assert len(runs) == 4 * 2 + 4
    assert runs["base-sigma_1.5.fold_3", "centroid"].fold == 3
    assert runs["base-sigma_1.5.fold_3", "centroid"].settings.head.sigma == 1.5
    assert {run.fold for run in runs.values()} == {0, 1, 2, 3}


def test_settings_of_one_name_are_told_apart():
    grid = {"centroid.head.sigma": [1.0], "centroid.head.output_stride": [2], "centroid.input.scale": [0.5]}
    grid |= {"centroid.augmentation.scale": [[0.8, 1.2], None]}
    names = [name for name, model_type in parse_config({"grid": grid}).runs() if model_type == "centroid"]
    assert names == [
        "base-sigma_1.0-output_stride_2-input_scale_0.5-augmentation_scale_0.8_1.2",
        "base-sigma_1.0-output_stride_2-input_scale_0.5-augmentation_scale_None",
    ]


def names_of(grid, model_type="centroid"):
    return [name for name, of_type in parse_config({"grid": grid}).runs() if of_type == model_type]


def test_values_that_differ_in_their_sign_are_runs_of_their_own():
    grid = {"centroid.augmentation.brightness": [[-5, 5], [5, 5]]}
    assert names_of(grid) == ["base-brightness_-5_5", "base-brightness_5_5"]


def test_several_grids_are_tried_one_after_the_other():
    scale = "centered_instance.input.scale"
    grids = [{FILTERS: [8, 16], STRIDE: [8, 16]}, {scale: [0.5, 1.0]}, {SIGMA: [1.5, 2.0]}]
    assert names_of(grids, "centered_instance") == [
        *(f"base-filters_{f}-max_stride_{s}" for f in (8, 16) for s in (8, 16)),
        *("base-scale_0.5", "base-scale_1.0"),
    ]
    assert names_of(grids) == ["base-sigma_1.5", "base-sigma_2.0"], "a grid for others is no run of the centroid's"
    assert names_of([]) == names_of([{}, {FILTERS: [8]}]) == ["base"]


def test_what_two_grids_have_in_common_is_trained_once():
    grids = [{SIGMA: [1.0, 1.5]}, {SIGMA: [1.5, 2.0]}]
    assert names_of(grids) == ["base-sigma_1.0", "base-sigma_1.5", "base-sigma_2.0"]


def test_settings_of_one_name_in_two_grids_are_told_apart():
    grids = [{"centroid.input.scale": [0.5]}, {"centroid.augmentation.scale": [None]}]
    assert names_of(grids) == ["base-input_scale_0.5", "base-augmentation_scale_None"]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"single_instance.head.sigma": [1]}, "single_instance.head.sigma: expected a setting of ['centroid', "),
        ({"sigma": [1]}, "sigma: expected a setting of ['centroid', 'centered_instance'], such as centroid.head.sigma"),
        ({SIGMA: []}, "centroid.head.sigma: expected at least one value, got an empty list"),
        ({SIGMA: 2.5}, "config: grid: centroid.head.sigma: expected a list of values, got 2.5"),
        (
            {f"centroid.optimization.{key}": list(range(1, 400)) for key in ("batch_size", "epochs")},
            "grid: expected at most 10000 runs of centroid, got 159201; try fewer values",
        ),
        (3, "config: grid: expected values by setting, or a list of such sections, got 3"),
        ([[SIGMA, 3]], "grid: expected values by setting, or a list of such sections, got [["),
        ([{SIGMA: [1]}, {"nose.sigma": [1]}], "nose.sigma: expected a setting of ["),
        ({1: [1]}, "1: expected a setting of ["),
        ([{SIGMA: []}], "centroid.head.sigma: expected at least one value, got an empty list"),
        ({"centroid.head.anchor_part": ["Fü?", "Fü!"]}, "would share the folder 'base-anchor_part_F'; try their"),
        ({"centroid.base_checkpoint": ["r" * 190]}, "is too long for a folder; try fewer settings at once"),
        ({"centroid.head.sigmma": [1]}, "grid: centroid.head.sigmma: unknown key; known keys are ['anchor_part', "),
        ({"centroid.nose.sigma": [1]}, "grid: centroid.nose.sigma: unknown key; known keys are ['augmentation', "),
        ({"centroid": [1]}, "centroid: expected a setting of ["),
        ({SIGMA: [1, -1]}, "grid: {'centroid.head.sigma': -1}: head.sigma: Input should be greater than 0"),
        ({"centroid.input.crop_size": [64]}, "centroid models do not use ['input.crop_size']; leave them out"),
    ],
)
def test_a_grid_that_cannot_be_is_one_sentence(grid, message):
    with pytest.raises(ConfigError) as error:
        parse_config({"grid": grid}).runs()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_crops_around_a_part_that_no_centroid_network_finds_are_refused():
    models = {name: {"head": {"anchor_part": "thorax"}} for name in ("centroid", "centered_instance")}
    both = {f"{name}.head.anchor_part": ["thorax", "head"] for name in models}
    assert len(parse_config({"models": models, "grid": both}).runs()) == 4
    one = {"centered_instance.head.anchor_part": ["thorax", "head"]}
    with pytest.raises(ConfigError, match=r"'head' is no anchor of the centroid network, which finds \['thorax'\]"):
        parse_config({"models": models, "grid": one}).runs()
