import pytest
from pydantic import ValidationError

from antpipe.config.simulate import SimulateConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ants": 0}, r"ants\n.*greater than or equal to 1"),
        ({"frames": 0}, r"frames\n.*greater than or equal to 1"),
        ({"videos": 0}, r"videos\n.*greater than or equal to 1"),
        ({"labelled_frames": 0}, r"labelled_frames\n.*greater than or equal to 1"),
        ({"width": 641}, r"width\n.*must be even, as H.264 video needs it \(use 642\)"),
        ({"height": 479}, r"height\n.*must be even, as H.264 video needs it \(use 480\)"),
        ({"width": 100}, "100x480 has no room .* body_length of 60: make both sides at least 120 pixels or lower"),
        ({"fps": 0}, r"fps\n.*greater than or equal to 1"),
        ({"fps": float("nan")}, "finite number"),
        ({"seed": -1}, r"seed\n.*greater than or equal to 0"),
        ({"difficulty": "medium"}, "'easy' or 'hard'"),
        ({"ant": 3}, "ant\n.*Extra inputs"),
    ],
)
def test_bad_values_say_what_to_do(values, message):
    with pytest.raises(ValidationError, match=f"(?s){message}"):
        SimulateConfig(**values)


@pytest.mark.parametrize(
    "values", [{}, {"width": 120, "height": 120}, {"ants": 1, "frames": 1, "videos": 1}, {"fps": 29.97}]
)
def test_good_values(values):
    config = SimulateConfig(**values)
    assert all(getattr(config, key) == value for key, value in values.items())
