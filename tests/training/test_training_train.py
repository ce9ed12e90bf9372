"""What of the settings reaches the batches of training, and what never reaches those of validation."""

import numpy as np
import pytest
from drawn_animals import SKELETON, draw_frames

from antpipe.config.model import ModelConfig
from antpipe.training import train
from antpipe.training.resume import Progress
from antpipe.training.train import train_model

FRAMES = draw_frames(4, 0, size=(72, 56))
OFF = dict.fromkeys(("rotation", "scale", "translation", "contrast", "brightness"))


@pytest.fixture
def batches(monkeypatch):
    """Collect the batches of training and of validation; nothing is learned."""
    seen = {"training_batches": [], "validation_batches": []}

    def collect(name):
        real = getattr(train, name)

        def make(*arguments, **values):
            seen[name] += [(values, list(real(*arguments, **values)))]
            return iter(seen[name][-1][1])

        monkeypatch.setattr(train, name, make)

    def fit(network, losses, batches_of, validation, config, **values):
        list(batches_of(0))
        return Progress(key="", batch_size=config.batch_size)

    for name in seen:
        collect(name)
    monkeypatch.setattr(train, "fit", fit)
    return seen


def run(folder, augmentation, **optimization):
    config = ModelConfig.model_validate(
        {
            "backbone": {"unet": {"max_stride": 8, "filters": 2}},
            "head": {"output_stride": 4},
            "augmentation": {**OFF, **augmentation},
            "optimization": {"epochs": 1, "min_batches_per_epoch": 1, "batch_size": 4, **optimization},
        }
    )
    parts = {"train": FRAMES, "val": FRAMES}
    train_model(parts, SKELETON, config, "centroid", folder, seed=3, on_progress=lambda done, total: None)


@pytest.mark.parametrize(
    "augmentation",
    [
        {},
        {"random_crop": [40, 24]},
        {"rotation": [-180, 180], "scale": [0.5, 2], "translation": [-9, 9], "flip_horizontal": True},
        {"flip_vertical": True, "uniform_noise": [0, 90], "gaussian_noise": [9, 40], "contrast": [0.3, 3]},
        {"brightness": [50, 90]},
    ],
)
def test_validation_frames_are_whole_and_unchanged_whatever_training_does(tmp_path, batches, augmentation):
    run(tmp_path, augmentation)
    ((_, ((images, truth),)),) = batches["validation_batches"]
    for image, points, frame in zip(images, truth, FRAMES, strict=True):
        np.testing.assert_array_equal(image[:56, :72], frame.image)
        middles = (frame.points.min(axis=1) + frame.points.max(axis=1)) / 2
        np.testing.assert_allclose(points[:, 0, :2], middles, atol=1e-4)
    ((_, ((images, _),)),) = batches["training_batches"]
    assert images.shape[1:3] == ((24, 40) if "random_crop" in augmentation else (56, 72))
    unchanged = [any((image == frame.image).all() for frame in FRAMES) for image in images if len(image) == 56]
    assert all(unchanged) == (set(augmentation) <= {"random_crop"})


@pytest.mark.parametrize("balanced", [False, True])
def test_balance_and_seed_reach_the_batches(tmp_path, batches, balanced):
    run(tmp_path, {}, balance_videos=balanced)
    ((values, _),) = batches["training_batches"]
    assert (values["balanced"], values["seed"], values["epoch"]) == (balanced, 3, 0)
