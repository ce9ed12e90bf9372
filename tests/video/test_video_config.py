"""Settings of preprocess: what is taken, and what is refused in which words."""

import pytest
from pydantic import ValidationError

from antpipe.config.preprocess import PreprocessConfig, crop_box


def test_the_defaults_keep_the_whole_video():
    config = PreprocessConfig()
    assert (config.crop, config.scale, config.fps, config.start, config.end) == (None, 1.0, None, None, None)
    assert (config.codec, config.preset, config.crf, config.keyframe_interval) == ("libx264", "superfast", 23, 25)


@pytest.mark.parametrize(
    ("crop", "size", "box"),
    [
        ([0.5, 0.5, 0.0, 0.25], (3840, 2160), (1920, 1080, 0, 540)),
        ([0.5, 0.5, 0.5, 0.5], (1081, 721), (540, 360, 540, 360)),
        ([1.0, 1.0, 0.0, 0.0], (1081, 721), (1081, 721, 0, 0)),
        ([1, 1, 0, 0], (1081, 721), (1, 1, 0, 0)),
        ([960, 0.5, 10, 0.1], (1920, 1080), (960, 540, 10, 108)),
        ([0.7, 0.3, 0.1, 0.1], (10, 10), (7, 3, 1, 1)),
        ([5000, 10, 0, 0], (1920, 1080), (5000, 10, 0, 0)),
    ],
)
def test_crops_in_pixels_and_fractions(crop, size, box):
    assert crop_box(PreprocessConfig(crop=crop).crop, size) == box


def test_settings_survive_json():
    config = PreprocessConfig(crop=[1, 1.0, 0, 0.5], scale=0.5, fps=24)
    again = PreprocessConfig.model_validate_json(config.model_dump_json())
    assert again == config
    assert [type(number) for number in again.crop] == [int, float, int, float]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crop": [1, 2.5, 0, 0]}, "a number with a point is a fraction from 0.0 to 1.0; write pixels without a point"),
        ({"crop": [1, 1, -1, 0]}, "must not be negative; count pixels from the left and the top"),
        ({"crop": [0, 10, 0, 0]}, "width and height, the first two numbers, must be above 0"),
        ({"crop": [1, 1, 0]}, r"expected four numbers \[width, height, x, y\]"),
        ({"crop": "in_w/2:in_h/2:0:0"}, r"expected four numbers \[width, height, x, y\]"),
        ({"crop": [1, "in_h/2", 0, 0]}, "expected pixels such as 960, or a fraction of the frame such as 0.5"),
        ({"crop": [1, True, 0, 0]}, "expected pixels such as 960, or a fraction of the frame such as 0.5"),
        ({"crop": [1, 1, 0, float("nan")]}, "finite number"),
        ({"scale": 0}, "greater than 0"),
        ({"scale": float("inf")}, "finite number|less than or equal to 16"),
        ({"fps": 0}, "greater than 0"),
        ({"start": -1}, "greater than or equal to 0"),
        ({"start": 5, "end": 5}, "end must be after start = 5 s, got 5 s"),
        ({"codec": "hevc"}, "'libx264'"),
        ({"preset": "warp"}, "'ultrafast'"),
        ({"crf": 60}, "less than or equal to 51"),
        ({"keyframe_interval": 0}, "greater than or equal to 1"),
        ({"audio": "keep"}, "Extra inputs are not permitted"),
    ],
)
def test_bad_settings_say_what_is_expected(settings, message):
    with pytest.raises(ValidationError, match=message):
        PreprocessConfig(**settings)
