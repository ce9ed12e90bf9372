"""The verbs features and join."""

import sys

import numpy as np
import pandas as pd
import pytest
from drawn_animals_that_move import one_track

from antpipe import cli
from antpipe.poses_file import read_info, write_poses

JOIN = ("join", "features.parquet", "force.csv", "-o", "joined.parquet")
FORCE = ("--column", "Force=mN", "--time", "t")
CONFIG = """
features: {kinds: [segments, heading], axis: [tail, head], segments: {whole: [tail, head]}, pixels_per_mm: {walk: 4}}
measurements: {files: other.csv, columns: {Force: mN}, time: t, time_unit: ms, sync: {walk: [[0, 0.5]]}}
"""


@pytest.fixture
def antpipe(monkeypatch, capsys):
    """Run the command line in this process; give its exit code and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["antpipe", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, capsys.readouterr().err

    return run


@pytest.fixture
def lab(tmp_path, monkeypatch, antpipe):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "walk.mp4").touch()
    (tmp_path / "config.yaml").write_text(CONFIG)
    times = np.arange(0, 5, 0.01)
    (tmp_path / "force.csv").write_text("t,Force\n" + "".join(f"{t:.2f},{10 * t:.2f}\n" for t in times))
    write_poses("tracks.parquet", one_track(np.ones((40, 2)), degrees=np.arange(40)))
    assert antpipe("features", "tracks.parquet", "-o", "features.parquet", "--config", "config.yaml")[0] == 0
    return tmp_path


def test_features_follow_the_configuration_and_the_option_on_top(lab, antpipe):
    assert list(read_info("features.parquet").features) == ["segment.whole", "heading"]
    assert pd.read_parquet("features.parquet")["segment.whole"].iloc[0] == pytest.approx(10 / 4)
    options = ("--config", "config.yaml", "--pixels-per-mm", 5)
    assert antpipe("features", "tracks.parquet", "-o", "f5.parquet", *options)[0] == 0
    assert pd.read_parquet("f5.parquet")["segment.whole"].iloc[0] == pytest.approx(2)


def test_join_writes_a_table_a_figure_and_the_correlations(lab, antpipe):
    code, said = antpipe(*JOIN, *FORCE, "--sync", "1=0.5", "--method", "interpolate", "--track", "a")
    assert code == 0
    assert "Force: values in 90 of 100 frames" in said
    table = pd.read_parquet("joined.parquet")
    np.testing.assert_allclose(table.Force[:90], 10 * (table.raw_time_s[:90] + 0.5), atol=0.01)
    found = pd.read_csv("joined.tsv", sep="\t").iloc[0]
    assert (found.feature, found.track) == ("segment.whole", "a")
    assert (lab / "joined.png").stat().st_size > 0


def test_join_follows_the_configuration_and_the_options_on_top(lab, antpipe):
    assert antpipe(*JOIN, "--config", "config.yaml", "--time-unit", "s")[0] == 0
    table = pd.read_parquet("joined.parquet")
    np.testing.assert_allclose(table.Force[12:], 10 * (table.raw_time_s[12:] - 0.5), atol=0.1)
    assert table.Force[:10].isna().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("features", "nowhere.parquet", "-o", "o.parquet"), "nowhere.parquet: poses file not found"),
        (
            ("features", "tracks.parquet", "-o", "o.parquet", "--pixels-per-mm", -1),
            "--pixels-per-mm: Input should be",
        ),
        (JOIN, "name at least one measured column and its unit, such as {Force: mN}, got none"),
        ((*JOIN, "--column", "Force=mN"), "expected either time, the column of times, or rate"),
        ((*JOIN, "--column", "Force", "--time", "t"), "--column: expected two values with = between, such as Force=mN"),
        ((*JOIN, *FORCE, "--sync", "a=b"), "--sync: expected a number, got 'a'"),
        ((*JOIN, *FORCE, "--time-unit", "h"), "--time-unit: Input should be 's', 'ms', 'us', 'min' or 'frame'"),
        ((*JOIN, *FORCE, "--track", "b"), "measurements.tracks: videos/walk.mp4 has no track 'b'"),
        (("join", "features.parquet", "none.csv", "-o", "o", *FORCE), "none.csv: file of measurements not found"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, message, lab, antpipe):
    code, said = antpipe(*arguments)
    assert code == 2
    (line,) = said.strip().splitlines()
    assert line.startswith("error: ")
    assert message in line
