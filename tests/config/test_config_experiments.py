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


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"single_instance.head.sigma": [1]}, "single_instance.head.sigma: expected a setting of ['centroid', "),
        ({"sigma": [1]}, "sigma: expected a setting of ['centroid', 'centered_instance'], such as centroid.head.sigma"),
        ({SIGMA: []}, "centroid.head.sigma: expected at least one value, got an empty list"),
        ({SIGMA: 2.5}, "grid.centroid.head.sigma"),
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
