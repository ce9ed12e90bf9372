"""What is refused before any work starts."""

import pytest

from antpipe.config.project import parse_config
from antpipe.errors import ConfigError, MeasurementError
from antpipe.features.check import check_features, check_measurements, find_measurements

VIDEOS = {"Col218": "raw/Col218.mov", "Col402": "raw/Col402.mov"}
FORCE = {"columns": {"Force": "mN"}, "time": "t"}
UNKNOWN = {"features": {"angles": {"knee": ["Petiole", "LHindKnee", "LHindFoot"]}}}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("force.csv", "Col218.csv", "Col402.csv", "{}.csv"):
        (tmp_path / name).write_text("t,Force\n0,1\n")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, {}),
        ("force.csv", {"Col218": "force.csv", "Col402": "force.csv"}),
        ({"Col218": "force.csv"}, {"Col218": "force.csv"}),
        ("{video}.csv", {"Col218": "Col218.csv", "Col402": "Col402.csv"}),
        ({"Col4*": "force.csv"}, {"Col402": "force.csv"}),
    ],
)
def test_videos_get_their_files(files, found, lab):
    config = parse_config({"measurements": {**FORCE, "files": files}})
    assert find_measurements(config, VIDEOS) == found
    check_measurements(config, found)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"measurements": {**FORCE, "files": {"Col2": "force.csv"}}},
            "measurements.files: 'Col2' fits none",
        ),
        (
            {"measurements": {"sync": {"x": [[0, 1]]}}},
            r"measurements.sync: 'x' fits none of the videos \['Col218', ",
        ),
        ({"measurements": {"tracks": {"x": ["a"]}}}, "measurements.tracks: 'x' fits none of the videos"),
        ({"features": {"pixels_per_mm": {"x": 4}}}, "features.pixels_per_mm: 'x' fits none of the videos"),
        (
            {"measurements": {**FORCE, "files": "f/{video}.csv"}},
            "'f/Col218.csv' is not there, for video 'Col218'",
        ),
        ({"measurements": {**FORCE, "files": "{}.csv"}}, "'{}.csv' has a character that file patterns cannot hold"),
    ],
)
def test_files_and_patterns_that_fit_nothing_are_refused(value, message, lab):
    with pytest.raises(ConfigError, match=message):
        find_measurements(parse_config(value), VIDEOS)


def test_a_column_that_is_not_there_is_refused(lab):
    config = parse_config({"measurements": {**FORCE, "files": "force.csv", "columns": {"Kraft": "mN"}}})
    with pytest.raises(MeasurementError, match=r"force.csv: expected the columns \['t', 'Kraft'\], got \['t', "):
        check_measurements(config, find_measurements(config, VIDEOS))


def test_the_default_features_fit_simulated_ants_and_any_labels(shared_data):
    check_features(parse_config({}), [])
    path = str(shared_data / "formats" / "slp" / "minimal_instance.slp")
    check_features(parse_config({"videos": "v.mp4", "labels": path}), [path])


def test_a_node_that_simulated_ants_lack_is_refused():
    with pytest.raises(ConfigError, match=r"features.angles.knee: unknown node 'LHindKnee'; did you mean 'LHindLeg'\?"):
        check_features(parse_config(UNKNOWN), [])


def test_a_node_that_the_labels_lack_is_refused(shared_data):
    path = str(shared_data / "formats" / "slp" / "minimal_instance.slp")
    config = parse_config({"videos": "v.mp4", "labels": path, **UNKNOWN})
    with pytest.raises(ConfigError, match=r"features.angles.knee: unknown node 'Petiole'; .*the skeleton has \["):
        check_features(config, [path])
    renamed = {"merge": {"map_nodes": {"minimal_instance.slp": {"A": "Petiole"}}}}
    check_features(parse_config({"videos": "v.mp4", "labels": path, **UNKNOWN, **renamed}), [path])


def test_what_another_program_wrote_is_checked_after_merging(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("scorer,,\n")
    check_features(parse_config({"videos": "v.mp4", "labels": str(path), **UNKNOWN}), [str(path)])
