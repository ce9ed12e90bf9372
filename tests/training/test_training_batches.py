from dataclasses import replace

import numpy as np
import pytest
from drawn_animals import BRIGHTNESS, SKELETON, draw_blobs, draw_frames

from antpipe.config.augmentation import AugmentationConfig
from antpipe.config.inference import PredictConfig
from antpipe.config.model import ModelConfig
from antpipe.geometry import centroids
from antpipe.inference.topdown import CentroidFinder, NodeFinder
from antpipe.models.spec import ModelSpec
from antpipe.training.batches import training_batches, validation_batches
from antpipe.training.samples import Sample, centroid_samples, frame_samples, instance_samples, scaled

STILL = {"rotation": None, "scale": None, "translation": None, "contrast": None, "brightness": None}


CLOSE = 30
"""Gray levels by which the top of a blob may be lower after a warp; the blobs are 70 apart."""


def spec_of(model_type, crop_size=None, scale=1.0, max_stride=8, augmentation=None):
    config = ModelConfig.model_validate(
        {
            "input": {"scale": scale},
            "backbone": {"unet": {"max_stride": max_stride, "filters": 4}},
            "head": {"output_stride": 2},
            "augmentation": augmentation or {},
        }
    )
    return ModelSpec(model_type=model_type, config=config, skeleton=SKELETON, crop_size=crop_size)


def samples_of(spec, count=3, seed=0):
    frames = [scaled(frame, spec) for frame in draw_frames(count, seed)]
    return instance_samples(frames, spec, None, [0, 1, 2])


def batches(
    samples, *, seed=5, epoch=2, steps=4, batch_size=3, config=None, size=(32, 32), flip_order=None, balanced=False
):
    flip_order = np.arange(samples[0].points.shape[1]) if flip_order is None else flip_order
    config = AugmentationConfig() if config is None else config
    return list(
        training_batches(
            samples,
            size=size,
            config=config,
            flip_order=flip_order,
            batch_size=batch_size,
            steps=steps,
            seed=seed,
            epoch=epoch,
            balanced=balanced,
        )
    )


def assert_equal(first, second):
    assert len(first) == len(second)
    for (images, truth), (other_images, other_truth) in zip(first, second, strict=True):
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(truth, other_truth)


def test_batches_follow_from_seed_epoch_and_step_alone():
    samples = samples_of(spec_of("centered_instance", 32))
    first = batches(samples)
    np.random.default_rng(0).random(100)
    assert_equal(first, batches(samples))
    assert_equal(first[:2], batches(samples, steps=2))  # a later step does not change an earlier one
    for other in ({"seed": 6}, {"epoch": 3}):
        assert not np.array_equal(first[0][0], batches(samples, **other)[0][0])


def test_every_sample_of_an_epoch_is_drawn_anew():
    (sample,) = samples_of(spec_of("centered_instance", 32), count=1)[:1]
    images = np.concatenate([images for images, _ in batches([sample], steps=5, batch_size=4)])
    assert len({image.tobytes() for image in images}) == 20


def test_images_and_points_have_the_shapes_that_the_network_wants():
    samples = samples_of(spec_of("centered_instance", 32))
    for images, truth in batches(samples):
        assert (images.shape, images.dtype) == ((3, 32, 32, 1), np.uint8)
        assert (truth.shape, truth.dtype) == ((3, 1, 3, 3), np.float32)


@pytest.mark.parametrize(("count", "steps", "batch_size"), [(6, 4, 3), (5, 2, 2), (1, 3, 2), (7, 7, 1)])
def test_an_epoch_goes_through_all_samples_before_one_comes_again(count, steps, batch_size):
    order = order_of(numbered(*["film"] * count), steps=steps, batch_size=batch_size).tolist()
    for start in range(0, len(order), count):
        turn = order[start : start + count]
        assert len(set(turn)) == len(turn)


def numbered(*videos):
    """A sample for each of the videos, all gray, of a level that is its number and 10."""
    return [
        Sample(
            image=np.full((4, 4, 1), 10 + n, np.uint8),
            points=np.zeros((1, 1, 2)),
            classes=np.array([-1]),
            centre=np.array([1.5, 1.5]),
            video=video,
        )
        for n, video in enumerate(videos)
    ]


def order_of(samples, **values):
    """Numbers of the samples in the order in which an epoch draws them."""
    values = {"steps": 10, "batch_size": 4, **values}
    drawn = batches(samples, size=(4, 4), config=AugmentationConfig(**STILL), **values)
    return np.array([int(image.max()) - 10 for images, _ in drawn for image in images])


@pytest.mark.parametrize("labels", [(3, 100), (100, 3, 1), (1, 1), (7,)])
def test_balanced_videos_are_drawn_equally_often_however_many_labels_they_have(labels):
    videos = [f"film {n}" for n, count in enumerate(labels) for _ in range(count)]
    order = order_of(numbered(*videos), balanced=True)
    turns = np.array([videos.index(videos[row]) for row in order])
    for start in range(0, len(order) - len(labels) + 1, len(labels)):
        assert len(set(turns[start : start + len(labels)])) == len(labels), "each turn has every video once"
    for n, count in enumerate(labels):
        times = np.bincount(order, minlength=len(videos))[[i for i, v in enumerate(videos) if v == f"film {n}"]]
        assert times.sum() == pytest.approx(len(order) / len(labels), abs=1)
        assert times.max() - times.min() <= 1, "and of its samples each equally often"
        assert len(times) == count


def test_without_balance_every_sample_is_drawn_equally_often():
    videos = ["a"] * 2 + ["b"] * 18
    assert np.bincount(order_of(numbered(*videos))).tolist() == [2] * 20


def test_the_order_of_balanced_videos_follows_from_the_seed():
    samples = numbered("a", "b", "b", "b", "c")
    first = order_of(samples, balanced=True)
    assert (first == order_of(samples, balanced=True)).all()
    assert (first != order_of(samples, balanced=True, epoch=3)).any()
    assert len({tuple(first[start : start + 3]) for start in range(0, 39, 3)}) > 6, "the order of videos is drawn, too"


def test_windows_of_frames_are_trained_on_and_points_move_along():
    spec = spec_of("centroid")
    samples = centroid_samples([scaled(f, spec) for f in draw_frames(4, 0, size=(72, 56))], 0)
    config = AugmentationConfig(**STILL, random_crop=(40, 24))
    whole = {sample.image.tobytes(): sample for sample in samples}
    corners = set()
    for images, truth in batches(samples, size=(40, 24), config=config, steps=20):
        assert images.shape == (3, 24, 40, 1)
        for image, points in zip(images, truth[:, :, 0, :2], strict=True):
            places = []
            for sample in whole.values():
                corner = (sample.points[:, 0] - points).round(3)
                left, top = corner[0].astype(int)
                moved_alike = (corner == corner[0]).all() and 0 <= left <= 32 and 0 <= top <= 32
                if moved_alike and np.array_equal(sample.image[top : top + 24, left : left + 40], image):
                    places.append((left, top))
            assert places
            corners.update(places)
    assert len(corners) > 30


def test_windows_turn_and_grow_about_their_own_middle():
    (sample,) = centroid_samples([scaled(draw_frames(1, 0)[0], spec_of("centroid"))], 0)
    config = AugmentationConfig(**{**STILL, "rotation": (-180, 180), "scale": (0.8, 1.2)}, random_crop=(40, 40))
    for images, truth in batches([sample], size=(40, 40), config=config, steps=10):
        for image, points in zip(images, truth[:, :, 0, :2], strict=True):
            for point in points[((points > 1) & (points < 38)).all(axis=1)]:
                assert abs(brightness_at(image, point) - BRIGHTNESS["head"]) < CLOSE


def brightness_at(image, point):
    """The gray level at a point, between pixels."""
    x, y = point
    left, top = int(np.floor(x)), int(np.floor(y))
    a, b = x - left, y - top
    cells = image[top : top + 2, left : left + 2, 0].astype(float)
    return float(np.array([1 - b, b]) @ cells @ np.array([1 - a, a]))


@pytest.mark.parametrize(
    "flips",
    [{}, {"flip_horizontal": True}, {"flip_vertical": True}, {"flip_horizontal": True, "flip_vertical": True}],
    ids=["none", "left-right", "up-down", "both"],
)
def test_left_is_left_whatever_the_mirror_does(flips):
    # Seen from above, the way from the head over L to R turns the same way in every animal that is labelled rightly;
    # the brightness tells which of the drawn blobs now is L: in a mirrored image the one that was drawn as R.
    config = AugmentationConfig(**{**STILL, "rotation": (-180, 180), **flips})
    samples = samples_of(spec_of("centered_instance", 40), count=10)
    swapped = 0
    for images, truth in batches(samples, steps=10, size=(40, 40), config=config, flip_order=SKELETON.flip_order()):
        for image, (head, left, right) in zip(images, truth[:, 0, :, :2], strict=True):
            turn = np.linalg.det(np.stack([left - head, right - head]))
            assert turn < 0
            level = brightness_at(image, left)
            expected = min(BRIGHTNESS["L"], BRIGHTNESS["R"], key=lambda b: abs(b - level))
            assert abs(level - expected) < CLOSE
            assert abs(brightness_at(image, head) - BRIGHTNESS["head"]) < CLOSE
            swapped += expected == BRIGHTNESS["R"]
    assert (swapped > 5) == bool(flips)


def test_centroids_of_a_frame_do_not_change_places():
    spec = spec_of("centroid")
    frames = [scaled(frame, spec) for frame in draw_frames(2, 0, animals=2) + draw_frames(1, 1, animals=1)]
    samples = centroid_samples(frames, 0)
    config = AugmentationConfig(**{**STILL, "flip_horizontal": True})
    for images, truth in batches(samples, size=(72, 56), config=config):
        for image, (first, second) in zip(images, truth[:, :, 0, :2], strict=True):
            assert abs(brightness_at(image, first) - BRIGHTNESS["head"]) < CLOSE
            assert np.isnan(second).all() or abs(brightness_at(image, second) - BRIGHTNESS["head"]) < CLOSE


def no_network(_images):
    raise AssertionError("only the crops are looked at")


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0, 1.5])
@pytest.mark.parametrize("crop_size", [24, 25])
@pytest.mark.parametrize("anchor", [None, 0])
def test_validation_crops_are_those_of_inference(scale, crop_size, anchor):
    spec = spec_of("centered_instance", crop_size, scale)
    frames = draw_frames(4, 3)
    samples = instance_samples([scaled(f, spec) for f in frames], spec, anchor, [0, 1, 2])
    found = list(validation_batches(samples, size=(crop_size, crop_size), batch_size=3))
    assert [len(images) for images, _ in found] == [3, 3, 2]
    images, truth = (np.concatenate(parts) for parts in zip(*found, strict=True))
    finder = NodeFinder(spec, no_network, PredictConfig())
    row = 0
    for frame in frames:
        prepared = finder.prepare(frame.image)
        for nodes, at in zip(frame.points, centroids(frame.points, anchor), strict=True):
            crop = finder.cut(prepared, at)
            np.testing.assert_array_equal(images[row], crop.image)
            np.testing.assert_allclose(truth[row, 0, :, :2], crop.to_video.inverse()(nodes), atol=1e-4)
            row += 1
    assert row == len(images)


@pytest.mark.parametrize("scale", [0.5, 0.77, 1.0])
def test_validation_frames_are_those_of_inference(scale):
    spec = spec_of("centroid", scale=scale)
    frames = draw_frames(3, 3, size=(75, 58))
    ready = [scaled(f, spec) for f in frames]
    width, height = (-(-side // 8) * 8 for side in ready[0].size)
    ((images, truth),) = validation_batches(centroid_samples(ready, None), size=(width, height), batch_size=8)
    finder = CentroidFinder(spec, no_network, PredictConfig())
    for frame, image, found in zip(frames, images, truth[:, :, 0, :2], strict=True):
        np.testing.assert_array_equal(image, finder.prepare(frame.image).image)
        to_input = spec.input_transform(frame.size)
        np.testing.assert_allclose(found, to_input(centroids(frame.points)), atol=1e-4)


def test_validation_is_the_same_every_time():
    samples = samples_of(spec_of("centered_instance", 32))
    twice = [list(validation_batches(samples, size=(32, 32), batch_size=4)) for _ in range(2)]
    assert_equal(*twice)


def test_frames_of_several_sizes_share_a_batch():
    spec = spec_of("centroid")
    frames = [scaled(f, spec) for f in draw_frames(1, 0, size=(72, 56)) + draw_frames(1, 1, size=(64, 48), animals=1)]
    ((images, truth),) = validation_batches(centroid_samples(frames, None), size=(72, 56), batch_size=2)
    np.testing.assert_array_equal(images[1][:48, :64], frames[1].image)
    assert not images[1][48:].any()
    assert truth.shape == (2, 2, 1, 3)
    assert np.isnan(truth[1, 1, :, :2]).all()
    assert truth[1, 1, 0, 2] == -1
    np.testing.assert_allclose(truth[1, 0, 0, :2], centroids(frames[1].points)[0], atol=1e-5)


def told_apart(tracks):
    """A model of whole frames that knows two animals, and the samples of frames with these tracks."""
    spec = replace(spec_of("multi_class_bottomup"), classes=("ant a", "ant b"))
    frames = [replace(f, tracks=names) for f, names in zip(draw_frames(len(tracks), 0), tracks, strict=True)]
    return frames, frame_samples([scaled(f, spec) for f in frames], spec, [0, 1, 2])


TRACKS = [("ant b", "ant a"), ("ant a", None), ()]
NUMBERS = [[1, 0], [0, -1], [-1, -1]]


def test_every_node_of_the_truth_has_the_class_of_its_animal():
    frames, samples = told_apart(TRACKS)
    ((_, truth),) = validation_batches(samples, size=(72, 56), batch_size=3)
    assert truth.shape == (3, 2, 3, 3)
    for row, frame in enumerate(frames):
        np.testing.assert_allclose(truth[row, ..., :2], frame.points, atol=1e-5)
        np.testing.assert_array_equal(truth[row, ..., 2], np.repeat(NUMBERS[row], 3).reshape(2, 3))


def test_classes_stay_with_their_animals_whatever_the_mirror_does():
    _, samples = told_apart(TRACKS)
    config = AugmentationConfig(**{**STILL, "rotation": (-180, 180), "flip_horizontal": True})
    seen, brightness = 0, list(BRIGHTNESS.values())
    for row, sample in enumerate(samples):
        # Of the two animals of a frame the first is made dark, so that the picture says which is which.
        image = draw_blobs((72, 56), sample.points.reshape(-1, 2), [40] * 3 + brightness)
        dark = [replace(sample, image=image)]
        for images, truth in batches(dark, size=(72, 56), config=config, flip_order=SKELETON.flip_order()):
            assert truth[..., 2].tolist() == [np.repeat(NUMBERS[row], 3).reshape(2, 3).tolist()] * len(images)
            for image, points in zip(images, truth[..., :2], strict=True):
                inside = [p for p in points[0] if 2 < p[0] < 69 and 2 < p[1] < 53]
                assert all(brightness_at(image, p) < 60 for p in inside)
                seen += len(inside)
    assert seen > 50


def test_without_changes_training_sees_what_validation_sees():
    # But for the fraction of a pixel by which a training crop is centred exactly.
    spec = spec_of("centered_instance", 32, augmentation=STILL)
    samples = samples_of(spec, count=1)
    config = AugmentationConfig(**STILL)
    ((images, truth),) = batches(samples, steps=1, batch_size=2, config=config)
    ((plain, plain_truth),) = validation_batches(samples, size=(32, 32), batch_size=2)
    points, plain_points = truth[:, 0, :, :2], plain_truth[:, 0, :, :2]
    order = [int(np.argmin(np.abs(plain_points - p).sum(axis=(1, 2)))) for p in points]
    assert sorted(order) == [0, 1]
    assert np.abs(points - plain_points[order]).max() <= 0.5
    assert np.abs(images.astype(int) - plain[order]).max() < 40
