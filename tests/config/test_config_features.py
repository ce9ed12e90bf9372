import pytest

from antpipe.config.by_video import fitting_none, of_video, only_for
from antpipe.config.project import parse_config
from antpipe.errors import ConfigError

FORCE = {"files": "force.csv", "columns": {"Force": "mN"}, "time": "t"}


@pytest.mark.parametrize(
    ("values", "video", "value"),
    [
        ({"a": 1, "b": 2}, "b", 2),
        ({"a": 1}, "b", None),
        ({}, "a", None),
        ({"Col*": 1, "Col218": 2}, "Col218", 2),
        ({"Col*": 1, "Col218": 2}, "Col219", 1),
        ({"C*": 1, "Col*": 2}, "Col219", 1),
        ({"col*": 1}, "Col219", None),
        ({"film [1]": 1}, "film [1]", 1),
        ({"caf\u00e9": 1}, "cafe\u0301", 1),
    ],
)
def test_a_video_has_the_value_of_its_name_or_of_the_first_pattern_that_fits(values, video, value):
    assert of_video(values, video) == value
    assert only_for(values, video) == ({} if value is None else {"*": value})


def test_names_and_patterns_without_a_video_are_found():
    videos = {"Col218": "", "film [1]": "", "cafe\u0301": ""}
    assert fitting_none({"Col*": 1, "film [1]": 1, "caf\u00e9": 1}, videos) == []
    assert fitting_none({"Col219": 1, "x*": 1, "Col218": 1}, videos) == ["Col219", "x*"]


def test_one_value_is_for_all_videos():
    config = parse_config({"features": {"pixels_per_mm": 40}, "measurements": {**FORCE, "sync": [[0, 1.5]]}})
    assert config.features.pixels_per_mm == {"*": 40}
    assert config.measurements.files == {"*": "force.csv"}
    assert config.measurements.sync == {"*": ((0, 1.5),)}
    assert parse_config({"features": {"pixels_per_mm": None}}).features.pixels_per_mm == {}


def test_settings_of_one_video_do_not_change_with_those_of_another():
    def of_a(scale, moment, track):
        features = {"pixels_per_mm": {"a": 40, "b": scale}}
        measurements = {**FORCE, "files": "{video}.csv", "sync": {"b": [[0, moment]]}, "tracks": {"b": [track]}}
        config = parse_config({"features": features, "measurements": measurements})
        return config.features.of_video("a"), config.measurements.of_video("a")

    assert of_a(1, 2, "x") == of_a(3, 4, "y")
    features, measurements = of_a(1, 2, "x")
    assert features.pixels_per_mm == {"*": 40}
    assert measurements.files == {"*": "a.csv"}
    assert measurements.sync == measurements.tracks == {}


BAD = [
    ({"features": {"kinds": ["angels"]}}, "features.kinds.0: unknown feature 'angels'; choose one of ['angles', "),
    ({"features": {"window": 4}}, "features.window: must be odd, so that it has a middle frame (use 5), got 4"),
    ({"features": {"window": 5, "order": 5}}, "features: order must be below window = 5, got 5"),
    ({"features": {"pixels_per_mm": 0}}, "features.pixels_per_mm.*: Input should be greater than 0, got 0"),
    ({"features": {"angles": {"knee": ["a", "b"]}}}, "features.angles.knee.2: Field required"),
    ({"features": {"body": ["a"]}}, "features.body: Tuple should have at least 2 items"),
    ({"measurements": {"file": "x"}}, "measurements.file: unknown key; did you mean 'files'?"),
    ({"measurements": {"files": "x"}}, "columns: name at least one measured column and its unit, such as {Force: mN}"),
    (
        {"measurements": {**FORCE, "time": None}},
        "expected either time, the column of times, or rate, samples per",
    ),
    ({"measurements": {**FORCE, "rate": 5}}, "or rate, samples per second, got both"),
    (
        {"measurements": {**FORCE, "time": "Force"}},
        "expected measured values, got 'Force', which is the column of",
    ),
    (
        {"measurements": {"sync": [[0, 1], [5, 1]]}},
        "measurements.sync: *: expected both times to grow, got [0.0, 1.0] and [5.0, 1.0]",
    ),
    ({"measurements": {"sync": {"a": [[0, 1], [0, 2]]}}}, "a: expected both times to grow"),
    (
        {"measurements": {"compare": {"max_lag": 1}}},
        "measurements.compare.max_lag: unknown key; did you mean 'max_",
    ),
]


@pytest.mark.parametrize(("value", "message"), BAD)
def test_a_bad_key_is_one_sentence_with_its_path(value, message):
    with pytest.raises(ConfigError) as error:
        parse_config(value, "config.yaml")
    assert message in str(error.value)
    assert str(error.value).count(", got ") <= 1
