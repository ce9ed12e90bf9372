import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from drawn_project import POSE, draw_labels

from antpipe.config.project import load_config
from antpipe.errors import ConfigError, LabelError
from antpipe.labels.read import read_labels
from antpipe.poses import Skeleton
from antpipe.projects.check import check_project
from antpipe.projects.init import init_project
from antpipe.projects.measures import Animals, anchors, measure_animals
from antpipe.projects.proposal import propose

FILMS, LABELS = ["films/one.mp4", "films/two.mp4"], ["labels/first.slp"]


def test_a_new_project_is_valid_and_passes_its_checks(lab):
    made = init_project("project", FILMS, LABELS)
    assert made == ["project/config.yaml", "project/README.md"]
    assert {note.state for note in check_project("project")} == {"ok"}


def test_files_stay_where_they_are_and_are_named_from_the_project(lab):
    init_project("project", FILMS, LABELS)
    config = load_config("project/config.yaml")
    assert config.videos == [str(lab / "films" / name) for name in ("one.mp4", "two.mp4")]
    assert config.labels == [str(lab / "labels" / "first.slp")]
    assert sorted(os.listdir("project")) == ["README.md", "config.yaml"]
    init_project(".", ["films"], ["labels/*.slp"])
    config = load_config("config.yaml")
    assert (config.videos, config.labels) == (["films/*.mp4"], ["labels/*.slp"])


def test_with_copy_the_project_has_files_of_its_own(lab):
    init_project("project", ["films"], ["labels"], copy=True)
    config = load_config("project/config.yaml")
    assert config.videos == ["data/videos/one.mp4", "data/videos/two.mp4"]
    assert config.labels == ["data/labels/first.slp"]
    assert Path("project/data/videos/one.mp4").read_bytes() == Path("films/one.mp4").read_bytes()
    shutil.rmtree("films")
    assert "error" not in {note.state for note in check_project("project")}


def test_an_interrupted_copy_goes_on_and_replaces_nothing(lab):
    Path("project/data/videos").mkdir(parents=True)
    shutil.copy2("films/one.mp4", "project/data/videos/one.mp4")
    Path("project/data/videos/two.mp4").write_text("another film")
    with pytest.raises(ConfigError, match=r"two\.mp4: is there already, and would be replaced by films/two\.mp4"):
        init_project("project", FILMS, LABELS, copy=True)
    assert Path("project/data/videos/two.mp4").read_text() == "another film"
    assert not Path("project/config.yaml").exists()


def test_what_is_there_is_never_replaced(lab):
    Path("project").mkdir()
    Path("project/README.md").write_text("mine")
    assert init_project("project", FILMS, LABELS) == ["project/config.yaml"]
    Path("project/config.yaml").write_text("videos: simulated")
    with pytest.raises(ConfigError, match=r"project/config\.yaml: is there already; give another folder"):
        init_project("project", FILMS, LABELS)
    assert Path("project/config.yaml").read_text() == "videos: simulated"
    assert Path("project/README.md").read_text() == "mine"


@pytest.mark.parametrize(
    ("videos", "labels", "error", "message"),
    [
        ([], LABELS, ConfigError, "--videos: expected files, folders or patterns"),
        (FILMS, [], ConfigError, "--labels: expected files, folders or patterns"),
        (["nowhere.mp4"], LABELS, ConfigError, "--videos: no file matches 'nowhere.mp4'"),
        (["labels"], LABELS, ConfigError, "--videos: labels: expected files with one of"),
        (
            ["films/one.mp4"],
            LABELS,
            LabelError,
            "labels of the video 'two.mp4', which is not among the project's videos",
        ),
    ],
)
def test_what_cannot_be_a_project_makes_nothing(lab, videos, labels, error, message):
    with pytest.raises(error, match=message):
        init_project("project", videos, labels)
    assert not Path("project").exists()


def test_the_proposal_is_written_with_its_reasons(lab):
    init_project("project", FILMS, LABELS)
    config, text = load_config("project/config.yaml"), Path("project/config.yaml").read_text()
    centroid, instance = config.models.centroid, config.models.centered_instance
    assert centroid.head.anchor_part == instance.head.anchor_part == "thorax"
    assert "shows in 100.0% of the animals" in text
    assert centroid.input.scale == 1.0
    assert instance.input.crop_size is None
    assert "now 48 pixels" in text
    assert instance.backbone.unet.max_stride == 16


def test_a_name_that_yaml_would_misread_is_quoted(lab):
    odd = "films/a #1: {no}.mp4".replace("{no}", "'no' \"yes\"")
    shutil.copy("films/one.mp4", odd)
    draw_labels(lab / "labels" / "first.slp", nodes=("no", "yes: [1]", "#3"))
    init_project("project", [odd, *FILMS], LABELS)
    config = load_config("project/config.yaml")
    assert config.videos[0] == str(lab / odd)
    assert config.models.centroid.head.anchor_part == "yes: [1]"


def animals(points, nodes=("a", "b", "c")):
    return Animals(skeleton=Skeleton(nodes=nodes), points=[np.asarray(points, float)], places=["frame 0 of x.mp4"])


def test_the_anchor_is_the_node_in_the_middle_among_those_that_show():
    points = np.tile(POSE, (100, 1, 1))
    assert anchors(animals(points))[0].node == "b"
    points[:10, 1] = np.nan
    assert anchors(animals(points))[0].node in "ac", "seen in 90 % of the animals only"
    points[50:, 0] = points[50:, 2] = np.nan
    assert anchors(animals(points))[0].node == "b", "the best of what there is"


@pytest.mark.parametrize(
    ("length", "scale", "stride"), [(200, 0.125, 32), (100, 0.25, 16), (59, 0.5, 16), (25, 1.0, 16), (3, 1.0, 16)]
)
def test_small_animals_are_looked_for_in_large_pictures(length, scale, stride):
    proposal = propose(animals([[[0, 0], [length / 2, 1], [length, 0]]]))
    assert (proposal.scale, proposal.max_stride) == (scale, stride)
    assert proposal.crop_size == -(-(length + 16) // stride) * stride
    assert proposal.alone


@pytest.mark.parametrize("points", [[[[5, 5]]], [[[5, 5]], [[np.nan, np.nan]]]])
def test_a_single_node_is_no_trouble(points):
    proposal = propose(animals(points, nodes=("a",)))
    assert (proposal.anchor_part, proposal.scale, proposal.crop_size) == ("a", 1.0, 16)


def test_one_animal_per_frame_brings_a_hint(lab):
    draw_labels(lab / "labels" / "first.slp", animals=1)
    init_project("project", FILMS, LABELS)
    assert "models: {single_instance: {}}" in Path("project/config.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "stride", "size"), [("col218_crop.v001.slp", 8, 280), ("col218_crop.v001.slp", 16, 288)]
)
def test_the_crop_size_is_that_of_sleap_on_real_labels(shared_data, name, stride, size):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / name)
    found = measure_animals(labels)
    assert found.crop_size(16, stride) == size
    assert anchors(found)[0].node in ("Petiole", "LowerThorax")
