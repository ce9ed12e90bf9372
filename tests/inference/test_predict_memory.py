"""Prediction when memory is full: fewer frames at once, every frame once, a note, and an end that says what to do."""

import numpy as np
import pytest
import tensorflow as tf

from antpipe.config.inference import PredictConfig
from antpipe.errors import ResourceError
from antpipe.inference.memory import in_parts
from antpipe.inference.predict import predict_video
from antpipe.inference.predictors.centered_instance import TopDown
from antpipe.poses_file import read_poses


def full():
    """The error that TensorFlow raises."""
    return tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[4,1024,1024,32]")


@pytest.mark.parametrize(
    ("room", "batches", "parts", "notes"),
    [
        (4, [4, 4, 1], [4, 4, 1], []),
        (3, [4, 4, 1], [2, 2, 2, 2, 1], ["memory was full: 4 frames at once became 2"]),
        (1, [3, 3], [1] * 6, ["memory was full: 3 frames at once became 1"]),
        (2, [8], [2] * 4, [f"memory was full: {size} frames at once became {size // 2}" for size in (8, 4)]),
    ],
)
def test_every_frame_is_found_once_in_parts_that_fit(room, batches, parts, notes):
    ran, told = [], []

    def find(frames):
        if len(frames) > room:
            raise full()
        ran.append(len(frames))
        return [-frame for frame in frames]

    find_in_parts = in_parts(find, told.append)
    for size in batches:
        assert find_in_parts(range(size)) == [-frame for frame in range(size)]
    assert (ran, told) == (parts, notes)


def test_a_frame_that_never_fits_ends_prediction_with_a_way_out():
    def find(frames):
        raise full()

    with pytest.raises(ResourceError, match=r"a single frame; lower predict.crop_batch_size, or train with a lower"):
        in_parts(find, lambda note: None)([1, 2])


def test_other_errors_are_not_taken_for_full_memory():
    def find(frames):
        raise tf.errors.InvalidArgumentError(None, None, "shapes do not fit")

    with pytest.raises(tf.errors.InvalidArgumentError):
        in_parts(find, lambda note: None)([1, 2])


def test_a_video_is_predicted_to_its_end_in_smaller_parts(film, models, tmp_path, monkeypatch, capsys):
    config = PredictConfig(batch_size=4)
    predict_video(film, ["centroid", "instance"], tmp_path / "undisturbed.parquet", config)
    sizes, find = [], TopDown.find

    def short_of_memory(self, frames):
        sizes.append(len(frames))
        if len(frames) > 3:
            raise full()
        return find(self, frames)

    monkeypatch.setattr(TopDown, "find", short_of_memory)
    predict_video(film, ["centroid", "instance"], tmp_path / "a.parquet", config)
    assert sizes == [4] + [2] * 10
    assert capsys.readouterr().err == "note: memory was full: 4 frames at once became 2\n"
    own, other = (read_poses(tmp_path / f"{name}.parquet") for name in ("a", "undisturbed"))
    np.testing.assert_array_equal(own.points, other.points)
    np.testing.assert_array_equal(own.frame_idx, other.frame_idx)
