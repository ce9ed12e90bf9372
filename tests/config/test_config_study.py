"""The example of the ant project's study plans its runs, with the settings of its SLEAP configurations."""

import itertools
from collections import Counter
from pathlib import Path

import pytest

from antpipe.config.project import load_config
from antpipe.config.sleap import read_sleap_config

STUDY = Path(__file__).parent.parent.parent / "examples" / "study" / "config.yaml"
TYPES = ("centroid", "centered_instance")
SIZES = list(itertools.product((16, 24, 32), (8, 16, 32)))
ANCHORS = ("Neck", "UpperThorax", "LowerThorax", "Petiole")


def test_the_study_plans_nine_sizes_and_four_anchors_in_four_folds():
    runs = load_config(STUDY).runs()
    names = [f"study-filters_{filters}-max_stride_{stride}" for filters, stride in SIZES]
    names += [f"study-anchor_part_{anchor}" for anchor in ANCHORS]
    assert set(runs) == {(f"{name}.fold_{fold}", kind) for name in names for fold in range(4) for kind in TYPES}
    assert Counter(run.fold for run in runs.values()) == dict.fromkeys(range(4), 2 * 13)
    for kind in TYPES:
        sizes = {
            (run.settings.backbone.unet.filters, run.settings.backbone.unet.max_stride)
            for (name, of_type), run in runs.items()
            if of_type == kind and "anchor" not in name
        }
        assert sizes == set(SIZES)


FOLDERS = {
    "filter_16-stride_8": "study-filters_16-max_stride_8",
    "filter_32-stride_16": "study-filters_32-max_stride_16",
    "filter_32-stride_32": "study-filters_32-max_stride_32",
    "part_LowerThorax": "study-anchor_part_LowerThorax",
}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("model_type", TYPES)
def test_settings_are_those_of_the_project(shared_data, folder, model_type):
    path = shared_data / "ants_models" / "general" / f"{folder}.240425_031454.{model_type}" / "initial_config.json"
    theirs = read_sleap_config(path).model
    ours = load_config(STUDY).runs()[f"{FOLDERS[folder]}.fold_0", model_type].settings
    assert ours.backbone == theirs.backbone
    assert ours.augmentation == theirs.augmentation
    assert ours.optimization == theirs.optimization
    assert ours.input == theirs.input.model_copy(update={"crop_size": None})
    assert ours.head == theirs.head.model_copy(update={"part_names": None})
