import json
from dataclasses import replace

import numpy as np
import pytest
import sleap_io as sio
from drawn_animals import BRIGHTNESS, SKELETON, draw_blobs, draw_frames

from antpipe.config.augmentation import AugmentationConfig
from antpipe.config.inference import PredictConfig
from antpipe.config.model import ModelConfig
from antpipe.errors import AntpipeError, ConfigError, LabelError
from antpipe.inference.predict import predict_video
from antpipe.labels.read import read_labels
from antpipe.labels.split import Fold, Split
from antpipe.labels.write import write_labels
from antpipe.models.folder import load_model
from antpipe.poses_file import read_poses
from antpipe.training.batches import training_batches
from antpipe.training.classes import class_notes, find_classes
from antpipe.training.frames import load_frames
from antpipe.training.problem import prepare
from antpipe.training.run import train_run
from antpipe.training.samples import frame_samples
from antpipe.training.train import train_model
from antpipe.video.write import VideoWriter

SIZE = 64, 56
NAMES = ("bright", "dim")
HEADS = {
    "multi_class_bottomup": {"class_maps": {"sigma": 2.0, "output_stride": 2}},
    "multi_class_topdown": {"class_vectors": {"output_stride": 8, "num_fc_units": 16}, "anchor_part": "head"},
}


def draw_named(count, seed):
    """Frames of two animals in random places, in random order, of which one is half as bright as the other."""
    rng = np.random.default_rng(seed)
    frames = []
    for frame in draw_frames(count, seed, SIZE):
        order = rng.permutation(2)
        heights = np.outer(np.array([1.0, 0.45])[order], list(BRIGHTNESS.values()))
        image = draw_blobs(SIZE, frame.points.reshape(-1, 2), heights.ravel())
        frames.append(replace(frame, image=image, tracks=tuple(NAMES[i] for i in order)))
    return frames


FRAMES = draw_named(40, 0)
PARTS = {"train": FRAMES[:24], "val": FRAMES[24:32]}


def config_of(model_type, *, epochs=5, flip=False, **head):
    heads = {name: {**value, **head} if isinstance(value, dict) else value for name, value in HEADS[model_type].items()}
    return ModelConfig.model_validate(
        {
            "backbone": {"unet": {"max_stride": 8, "filters": 8, "filters_rate": 1.5}},
            "head": {"sigma": 1.5, "output_stride": 2, **heads},
            "augmentation": {"contrast": None, "brightness": None, "flip_horizontal": flip},
            "optimization": {
                "epochs": epochs,
                "min_batches_per_epoch": 30,
                "learning_rate": 3e-3,
                # The average of so few steps is far behind.
                "ema_momentum": None,
            },
        }
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A film of the drawn frames, and its labels with tracks."""
    folder = tmp_path_factory.mktemp("lab")
    with VideoWriter(folder / "film ü.mp4", width=SIZE[0], height=SIZE[1], fps=10, grayscale=True, crf=0) as writer:
        for frame in FRAMES:
            writer.write(frame.image)
    skeleton = sio.Skeleton(list(SKELETON.nodes), list(SKELETON.edges), list(SKELETON.symmetries), name="animal")
    film = sio.Video(filename="D:/lab/film ü.mp4", open_backend=False)
    tracks = {name: sio.Track(name) for name in NAMES}
    labeled = [
        sio.LabeledFrame(
            film,
            f.frame_idx,
            [
                sio.Instance.from_numpy(points, skeleton=skeleton, track=tracks[name])
                for points, name in zip(f.points, f.tracks, strict=True)
            ],
        )
        for f in FRAMES
    ]
    labeled[3].instances[1].track = None
    labels = sio.Labels(labeled, videos=[film], skeletons=[skeleton], tracks=list(tracks.values()))
    write_labels(folder / "labels.slp", labels)
    return folder


def keys(*indices):
    return tuple(("film ü.mp4", index) for index in indices)


def test_tracks_of_the_labels_come_with_the_frames(lab):
    labels = read_labels(lab / "labels.slp")
    frames = load_frames(labels, keys(5, 3, 0), {"film ü": lab / "film ü.mp4"}, 1)
    assert [frame.tracks for frame in frames] == [FRAMES[5].tracks, (FRAMES[3].tracks[0], None), FRAMES[0].tracks]


@pytest.mark.parametrize("model_type", HEADS)
def test_two_animals_of_different_brightness_are_told_apart(lab, tmp_path, model_type):
    fold = Fold(train=keys(*range(24)), val=keys(*range(24, 32)), test=keys(*range(32, 40)))
    run, film = tmp_path / "run", lab / "film ü.mp4"
    train_run(
        lab / "labels.slp",
        run,
        config=config_of(model_type, flip=True),
        model_type=model_type,
        videos={"film ü": film},
        split=Split(folds=(fold,), by="indices"),
    )
    metrics = json.loads((run / "metrics.test.json").read_text())
    assert metrics["identity.classes"] == list(NAMES)
    assert metrics["instances.found"] >= 14
    assert metrics["identity.accuracy"] >= 0.95
    assert np.sum(metrics["identity.confusion"]) == metrics["instances.found"]
    (note,) = json.loads((run / "run.json").read_text())["notes"]
    assert note == "train: 1 of 48 animals have no track of the classes ['bright', 'dim']"
    assert load_model(run).spec.classes == NAMES
    if model_type == "multi_class_bottomup":
        predict_video(film, [run], tmp_path / "p.parquet", PredictConfig(), "32-39")
        poses = read_poses(tmp_path / "p.parquet")
        assert set(poses.track) == set(NAMES)
        assert (poses.tracking_score > 0.5).all()


@pytest.mark.parametrize("model_type", HEADS)
def test_names_of_the_settings_decide_which_animals_and_in_which_order(model_type):
    problem = prepare(PARTS, SKELETON, config_of(model_type, classes=["dim", "bright"]), model_type)
    assert problem.spec.classes == ("dim", "bright")
    of_first = [problem.spec.classes.index(name) for name in FRAMES[0].tracks]
    numbers = np.concatenate([sample.classes for sample in problem.train])
    assert numbers[:2].tolist() == of_first
    assert problem.notes == ()


def test_mirrored_animals_keep_their_names():
    spec = prepare(PARTS, SKELETON, config_of("multi_class_bottomup"), "multi_class_bottomup").spec
    samples = frame_samples(FRAMES[:4], spec, [0, 1, 2])
    off = dict.fromkeys(("rotation", "scale", "translation", "contrast", "brightness"))
    config = AugmentationConfig(**off, flip_horizontal=True)
    batches = training_batches(
        samples, size=SIZE, config=config, flip_order=np.array([0, 2, 1]), batch_size=4, steps=8, seed=0, epoch=0
    )
    mirrored = 0
    for images, truth in batches:
        for image, instances in zip(images, truth, strict=True):
            (sample,) = [s for s in samples if (s.image == image).all() or (s.image[:, ::-1] == image).all()]
            is_mirrored = not (sample.image == image).all()
            mirrored += is_mirrored
            heads = sample.points[:, 0] if not is_mirrored else [SIZE[0] - 1, 0] + sample.points[:, 0] * [-1, 1]
            np.testing.assert_allclose(instances[:, 0, :2], heads, atol=1e-4)
            assert (instances[:, :, 2] == sample.classes[:, None]).all()
            # The bright animal's head is where it is bright.
            x, y = instances[list(instances[:, 0, 2]).index(0), 0, :2].round().astype(int)
            assert image[y, x, 0] > 60
    assert 8 < mirrored < 24


def without(*names):
    """The frames without the tracks of these names."""
    return [replace(f, tracks=tuple(None if name in names else name for name in f.tracks)) for f in FRAMES]


def doubled(index, name):
    frames = list(FRAMES)
    frames[index] = replace(frames[index], tracks=(name, name))
    return frames


HOSTILE = [
    ([replace(f, tracks=()) for f in FRAMES], {}, LabelError, "expected labels with tracks, but no training frame has"),
    (without(*NAMES), {}, LabelError, "expected labels with tracks, but no training frame has one; assign tracks"),
    (without("dim"), {}, LabelError, r"expected two or more animals to tell apart, got \['bright'\]"),
    (FRAMES, {"classes": ["dim"]}, LabelError, r"expected two or more animals to tell apart, got \['dim'\]"),
    (FRAMES, {"classes": ["dim", "x"]}, ConfigError, r"no training frame has the classes \['x'\]; its tracks are"),
    (FRAMES, {"classes": ["dim", "dim"]}, ConfigError, r"expected each class once, but \['dim'\] come more often"),
    (doubled(2, "dim"), {}, LabelError, r"film frame 2: expected each animal once, but the tracks \['dim'\] have"),
    (doubled(30, "dim"), {}, LabelError, "film frame 30: expected each animal once"),
]


@pytest.mark.parametrize("model_type", HEADS)
@pytest.mark.parametrize(("frames", "head", "error", "message"), HOSTILE)
def test_what_cannot_be_learned_is_said_before_training(model_type, frames, head, error, message):
    parts = {"train": frames[:24], "val": frames[24:32]}
    with pytest.raises(AntpipeError, match=message) as raised:
        prepare(parts, SKELETON, config_of(model_type, **head), model_type)
    assert type(raised.value) is error


def test_two_strangers_in_a_frame_are_no_error():
    classes = find_classes(PARTS, config_of("multi_class_bottomup"), "multi_class_bottomup")
    frames = [replace(f, points=np.repeat(f.points, 2, axis=0), tracks=(*f.tracks, None, None)) for f in FRAMES]
    parts = {"train": frames[:24], "val": frames[24:32]}
    assert find_classes(parts, config_of("multi_class_bottomup"), "multi_class_bottomup") == classes
    assert class_notes(parts, classes) == (
        "train: 48 of 96 animals have no track of the classes ['bright', 'dim']",
        "val: 16 of 32 animals have no track of the classes ['bright', 'dim']",
    )


def test_a_class_that_validation_lacks_is_noted_and_does_not_stop_training(tmp_path):
    parts = {"train": FRAMES[:8], "val": without("dim")[24:28]}
    config = config_of("multi_class_topdown", epochs=1)
    config = config.model_copy(
        update={"optimization": config.optimization.model_copy(update={"min_batches_per_epoch": 2})}
    )
    _, notes, _ = train_model(
        parts, SKELETON, config, "multi_class_topdown", tmp_path, seed=0, on_progress=lambda done, total: None
    )
    assert notes == (
        "val: 4 of 8 animals have no track of the classes ['bright', 'dim']",
        "val: no animal of the classes ['dim'], so that they are not judged",
    )
    assert np.isfinite(np.loadtxt(tmp_path / "training_log.csv", delimiter=",", skiprows=1)).all()


def test_models_that_tell_no_animals_apart_do_not_ask_for_tracks():
    config = ModelConfig.model_validate({"head": {"output_stride": 2}})
    parts = {"train": [replace(f, tracks=()) for f in FRAMES], "val": FRAMES}
    assert find_classes(parts, config, "multi_instance") == ()
    assert class_notes(parts, ()) == ()
