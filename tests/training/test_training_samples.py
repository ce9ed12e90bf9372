from dataclasses import replace

import numpy as np
import pytest
from drawn_animals import BRIGHTNESS, SKELETON, centre_of_light, draw_blobs, draw_frames

from antpipe.config.model import ModelConfig
from antpipe.errors import ConfigError, LabelError
from antpipe.labels.read import labelled_frames, read_labels, skeleton_of, user_points
from antpipe.models.spec import ModelSpec
from antpipe.training.problem import prepare
from antpipe.training.samples import (
    LabelledFrame,
    Sample,
    centroid_samples,
    check_crop_size,
    class_indices,
    find_crop_size,
    frame_samples,
    instance_samples,
    nodes_outside,
    scaled,
)

NAN = np.nan
ANIMAL = [[20, 20], [30, 30], [40, 26]]
HIDDEN = [[NAN, NAN]] * 3


def config_of(scale=1.0, **values):
    return ModelConfig.model_validate({"input": {"scale": scale}, **values})


def spec_of(crop_size=32, scale=1.0, **values):
    return ModelSpec(
        model_type="centered_instance", config=config_of(scale, **values), skeleton=SKELETON, crop_size=crop_size
    )


def frame_of(points, size=(100, 80), video="film"):
    image = np.zeros((size[1], size[0], 1), np.uint8)
    return LabelledFrame(video=video, frame_idx=0, image=image, points=np.asarray(points, float).reshape(-1, 3, 2))


@pytest.mark.parametrize("scale", [0.5, 0.63, 1.5, 2.0])
def test_points_move_with_the_scaled_image(scale):
    point = np.array([40.3, 31.6])
    image = draw_blobs((81, 63), [point], [240.0], sigma=4.0)
    frame = LabelledFrame(video="film", frame_idx=0, image=image, points=np.array([[point]]))
    after = scaled(frame, spec_of(scale=scale))
    assert np.abs(centre_of_light(after.image) - after.points[0, 0]).max() < 0.05


def test_colour_becomes_gray_for_a_gray_network():
    frame = LabelledFrame(video="film", frame_idx=0, image=np.full((8, 8, 3), 77, np.uint8), points=np.zeros((0, 3, 2)))
    np.testing.assert_array_equal(scaled(frame, spec_of()).image, np.full((8, 8, 1), 77))


def test_every_animal_is_a_sample_with_its_own_points():
    frames = draw_frames(3, 0)
    samples = instance_samples(frames, spec_of(), None, [2, 0])
    assert len(samples) == 6
    for sample, points in zip(samples, np.concatenate([f.points for f in frames]), strict=True):
        assert sample.points.shape == (1, 2, 2)
        offset = sample.points[0] - points[[2, 0]]
        assert np.abs(offset - np.round(offset[0])).max() < 1e-9  # moved by whole pixels
        column, row = np.round(sample.points[0, 1]).astype(int)
        assert sample.image[row, column, 0] > 0.8 * BRIGHTNESS["head"]
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        np.testing.assert_allclose(sample.centre, middle + offset[0])


def test_a_sample_does_not_keep_the_frame_in_memory():
    frame = draw_frames(1, 0, size=(400, 300))[0]
    for sample in instance_samples([frame], spec_of(crop_size=16), 0, [0, 1, 2]):
        assert sample.image.base is None
        assert sample.image.nbytes < frame.image.nbytes / 10


def test_an_animal_without_a_visible_node_gives_no_sample():
    points = [[[10, 10], [20, 20], [30, 10]], [[NAN, NAN]] * 3, [[NAN, NAN], [50, 40], [NAN, NAN]]]
    samples = instance_samples([frame_of(points)], spec_of(), 0, [0, 1, 2])
    assert len(samples) == 2
    assert np.isnan(samples[1].points[0, [0, 2]]).all()
    np.testing.assert_array_equal(samples[1].centre, samples[1].points[0, 1])


ANTS = ("ant a", "ant b", "ant c")


@pytest.mark.parametrize(
    ("tracks", "classes", "expected"),
    [
        (("ant c", "ant a"), ANTS, [2, 0]),
        (("ant b", "ant b"), ANTS, [1, 1]),
        (("ant b", None), ANTS, [1, -1]),
        (("ant b", "ant x"), ANTS, [1, -1]),
        (("", "None"), ANTS, [-1, -1]),
        ((), ANTS, [-1, -1]),
        (("ant a", "ant b"), (), [-1, -1]),
    ],
)
def test_classes_are_numbers_of_tracks(tracks, classes, expected):
    frame = replace(frame_of([ANIMAL, HIDDEN]), tracks=tracks)
    found = class_indices(frame, classes)
    assert (found.tolist(), found.dtype) == (expected, np.int64)


def test_a_frame_without_animals_has_no_classes():
    assert class_indices(frame_of([]), ANTS).shape == (0,)


def test_the_samples_of_whole_frames_have_the_chosen_nodes_of_all_animals():
    spec = replace(spec_of(crop_size=None), model_type="multi_class_bottomup", classes=ANTS)
    frames = [replace(f, tracks=("ant b", "ant x")) for f in draw_frames(3, 0)]
    samples = frame_samples(frames, spec, [2, 0])
    assert len(samples) == 3
    for sample, frame in zip(samples, frames, strict=True):
        np.testing.assert_array_equal(sample.points, frame.points[:, [2, 0]])
        assert sample.image is frame.image
        assert sample.classes.tolist() == [1, -1]
        np.testing.assert_array_equal(sample.centre, [35.5, 27.5])


def test_samples_of_crops_have_the_class_of_their_animal():
    spec = replace(spec_of(), model_type="multi_class_topdown", classes=ANTS)
    hidden = np.concatenate([draw_frames(1, 0)[0].points, np.full((1, 3, 2), NAN)])[[0, 2, 1]]
    frame = replace(frame_of(hidden), tracks=("ant c", "ant b", "ant a"))
    samples = instance_samples([frame], spec, None, [0, 1, 2])
    assert [sample.classes.tolist() for sample in samples] == [[2], [0]]


def test_centroids_of_a_frame_are_its_points():
    points = [[[10, 10], [20, 20], [30, 16]], [[NAN, NAN], [50, 40], [60, 44]]]
    (sample,) = centroid_samples([frame_of(points)], 0)
    np.testing.assert_array_equal(sample.points, [[[10, 10]], [[55, 42]]])
    assert sample.classes.tolist() == [-1, -1]
    np.testing.assert_array_equal(sample.centre, [49.5, 39.5])


@pytest.mark.parametrize(
    ("longest", "padding", "stride", "expected"),
    [(20, 16, 16, 48), (16, 16, 16, 32), (16.01, 16, 16, 48), (20, 0, 8, 24), (3, 0, 1, 3)],
)
def test_the_crop_holds_the_longest_animal_and_its_padding(longest, padding, stride, expected):
    points = [[[10, 10], [10 + longest, 12], [NAN, NAN]], [[5, 5], [6, 6], [5, 5]]]
    assert find_crop_size([frame_of(points)], padding, stride) == expected


@pytest.mark.parametrize(("stride", "expected"), [(8, 280), (16, 288), (32, 288)])
def test_the_crop_of_the_ants_is_sleaps(shared_data, stride, expected):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / "col218_crop.v001.slp")
    skeleton = skeleton_of(labels)
    image = np.zeros((1, 1, 1), np.uint8)
    frames = [
        LabelledFrame(video="film", frame_idx=f.frame_idx, image=image, points=user_points(f, skeleton))
        for f in labelled_frames(labels)
    ]
    assert find_crop_size(frames, 16, stride) == expected


def test_a_crop_that_no_frame_can_hold_is_refused():
    check_crop_size(100, [frame_of([], size=(100, 80))])
    with pytest.raises(ConfigError, match=r"crop_size 104 is larger than the frames of film \(100x80 after scaling\)"):
        check_crop_size(104, [frame_of([], size=(100, 80))])


def test_nodes_outside_of_the_crop_are_counted():
    def sample(*points):
        return Sample(
            image=np.zeros((1, 1, 1)),
            points=np.array([points], float),
            classes=np.array([-1]),
            centre=np.array([50.0, 50.0]),
            video="film",
        )

    samples = [sample([50, 50], [66, 50], [66.5, 50]), sample([NAN, NAN], [50, 34], [50, 83])]
    assert nodes_outside(samples, 32) == pytest.approx(2 / 5)
    assert nodes_outside([sample([NAN, NAN])], 32) == 0


def parts(train=(ANIMAL,), val=(ANIMAL,)):
    return {"train": [frame_of(train)], "val": [frame_of(val)], "test": []}


@pytest.mark.parametrize("model_type", ["centroid", "centered_instance"])
@pytest.mark.parametrize("empty", ["train", "val"])
@pytest.mark.parametrize("content", [(), (HIDDEN,)], ids=["no animal", "no visible node"])
def test_a_part_without_a_visible_animal_is_refused(model_type, empty, content):
    message = rf"split: part '{empty}' has no labelled animal; label more frames or change split.fractions"
    with pytest.raises(LabelError, match=message):
        prepare(parts(**{empty: content}), SKELETON, config_of(), model_type)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"anchor_part": "thorax"}, r"head: unknown nodes \['thorax'\]; the labels' skeleton has \['head', 'L', 'R'\]"),
        ({"part_names": ["head", "tail"]}, r"head: unknown nodes \['tail'\]"),
    ],
)
def test_nodes_that_the_skeleton_does_not_have_are_refused(head, message):
    with pytest.raises(ConfigError, match=message):
        prepare(parts(), SKELETON, config_of(head=head), "centered_instance")


def test_an_unknown_model_type_is_refused():
    with pytest.raises(ConfigError, match=r"unknown model type 'bottomup'; choose one of \['centroid', 'centered"):
        prepare(parts(), SKELETON, config_of(), "bottomup")


def test_a_choice_of_nodes_keeps_what_joins_them():
    config = config_of(head={"part_names": ["R", "head"]}, input={"crop_size": 40})
    problem = prepare(parts(), SKELETON, config, "centered_instance")
    assert problem.spec.skeleton.nodes == ("R", "head")
    assert problem.spec.skeleton.edges == (("head", "R"),)
    assert problem.spec.skeleton.symmetries == ()
    assert problem.spec.crop_size == 48  # the next multiple of the maximum stride
    assert problem.size == (48, 48)
    offset = problem.train[0].points[0] - np.array([ANIMAL[2], ANIMAL[0]])
    np.testing.assert_array_equal(offset[0], offset[1])


def test_a_crop_that_cuts_animals_off_is_noted():
    config = config_of(input={"crop_size": 16})
    wide = [[20, 20], [38, 30], [60, 26]]
    assert prepare(parts(), SKELETON, config_of(), "centered_instance").notes == ()
    (note,) = prepare(parts(train=(wide,)), SKELETON, config, "centered_instance").notes
    assert note == "66.7% of the labelled nodes lie outside of the crop of 16 px; raise input.crop_size"


def test_the_input_of_a_centroid_network_holds_the_largest_frame():
    several = {
        "train": [frame_of([ANIMAL], size=(100, 80)), frame_of([ANIMAL], size=(90, 97))],
        "val": [frame_of(ANIMAL)],
    }
    assert prepare(several, SKELETON, config_of(), "centroid").size == (112, 112)
    assert prepare(several, SKELETON, config_of(scale=0.5), "centroid").size == (64, 48)


@pytest.mark.parametrize(
    ("random_crop", "window"),
    [
        (None, (112, 112)),
        ((64, 48), (64, 48)),
        ((50, 33), (64, 48)),  # the next multiples of the maximum stride
        ((500, 20), (112, 32)),  # no larger than the frames
    ],
)
@pytest.mark.parametrize("model_type", ["centroid", "single_instance", "multi_instance"])
def test_windows_are_for_training_and_whole_frames_for_validation(model_type, random_crop, window):
    several = {"train": [frame_of([ANIMAL], size=(100, 80)), frame_of([ANIMAL], size=(90, 97))]}
    config = config_of(augmentation={"random_crop": random_crop})
    problem = prepare({**several, "val": [frame_of(ANIMAL)]}, SKELETON, config, model_type)
    assert (problem.window, problem.size) == (window, (112, 112))


def test_samples_know_their_video():
    several = {part: [frame_of([ANIMAL], video="film ü"), frame_of([ANIMAL])] for part in ("train", "val")}
    for model_type in ("centroid", "centered_instance", "single_instance"):
        problem = prepare(several, SKELETON, config_of(), model_type)
        assert [sample.video for sample in problem.train] == ["film ü", "film"]


@pytest.mark.parametrize("model_type", ["single_instance", "multi_instance"])
def test_the_input_of_a_model_of_whole_frames_holds_the_largest_frame(model_type):
    several = {"train": [frame_of([ANIMAL], size=(100, 80)), frame_of([ANIMAL], size=(90, 97))]}
    problem = prepare({**several, "val": [frame_of(ANIMAL)]}, SKELETON, config_of(), model_type)
    assert (problem.size, problem.spec.crop_size, problem.spec.maps) == ((112, 112), None, 3)
    assert [sample.points.shape for sample in problem.train] == [(1, 3, 2)] * 2
    np.testing.assert_array_equal(problem.flip_order, SKELETON.flip_order())


def test_a_model_of_one_animal_refuses_frames_of_two():
    prepare(parts(train=(ANIMAL, HIDDEN)), SKELETON, config_of(), "single_instance")
    with pytest.raises(LabelError, match="film frame 0: single_instance models are for one animal per frame, but 2 "):
        prepare(parts(val=(ANIMAL, ANIMAL)), SKELETON, config_of(), "single_instance")


def with_tracks(*tracks):
    return {part: [replace(frame, tracks=tracks) for frame in frames] for part, frames in parts().items()}


TELLING = {"multi_class_topdown": "class_vectors", "multi_class_bottomup": "class_maps"}


@pytest.mark.parametrize("model_type", TELLING)
def test_animals_to_tell_apart_are_the_tracks_of_the_training_frames(model_type):
    several = with_tracks("ant b")
    several["train"] += [replace(f, tracks=(name,)) for name in ("ant c", None, "ant a") for f in parts()["train"]]
    several["val"] = [replace(f, tracks=("ant x",)) for f in several["val"]]
    problem = prepare(several, SKELETON, config_of(), model_type)
    assert problem.spec.classes == ("ant a", "ant b", "ant c")
    assert [sample.classes.tolist() for sample in problem.train] == [[1], [2], [-1], [0]]
    assert problem.val[0].classes.tolist() == [-1]
    chosen = config_of(head={TELLING[model_type]: {"classes": ["ant c", "ant a"]}})
    problem = prepare(several, SKELETON, chosen, model_type)
    assert problem.spec.classes == ("ant c", "ant a")
    assert [sample.classes.tolist() for sample in problem.train] == [[-1], [0], [-1], [1]]


@pytest.mark.parametrize("model_type", TELLING)
def test_animals_that_cannot_be_told_apart_are_refused(model_type):
    with pytest.raises(LabelError, match=f"{model_type}: expected labels with tracks, but no training frame has one"):
        prepare(parts(), SKELETON, config_of(), model_type)
    config = config_of(head={TELLING[model_type]: {"classes": ["ant a", "ant x"]}})
    with pytest.raises(ConfigError, match=r"no training frame has the classes \['ant x'\]; its tracks are \['ant a'\]"):
        prepare(with_tracks("ant a"), SKELETON, config, model_type)


def test_other_models_have_no_classes():
    assert prepare(with_tracks("ant a"), SKELETON, config_of(), "centered_instance").spec.classes == ()


def test_settings_that_the_model_type_does_not_use_are_refused():
    with pytest.raises(ConfigError, match=r"^models.centroid: centroid models do not use \['input.crop_size'\]"):
        prepare(parts(), SKELETON, config_of(input={"crop_size": 32}), "centroid")
