import cv2
import numpy as np
import pytest
from drawn_tracks import draw_tracks, make_info

from antpipe.config.features import FeaturesConfig
from antpipe.errors import ConfigError
from antpipe.features.measure import measure_file
from antpipe.poses import empty_poses
from antpipe.poses_file import write_poses
from antpipe.report.colours import hexadecimal, track_colours
from antpipe.report.traces import plot_traces

BENDS = FeaturesConfig(kinds=["angles"], angles={"bend": ("head", "thorax", "abdomen")})


def features(tmp_path, poses, config=BENDS):
    write_poses(tmp_path / "t.parquet", poses)
    measure_file(tmp_path / "t.parquet", tmp_path / "f.parquet", config)
    return tmp_path / "f.parquet"


def columns_of(picture, colour):
    """Return the columns of a picture in which a colour is seen."""
    wanted = np.array([int(hexadecimal(colour)[i : i + 2], 16) for i in (5, 3, 1)])
    # The lines of the legend, below, have the same colours.
    return np.flatnonzero((np.abs(picture[: len(picture) // 2].astype(int) - wanted).max(axis=2) < 40).any(axis=0))


def test_each_track_has_a_line_with_its_gaps(tmp_path):
    presence = {"a": [*range(0, 30), *range(60, 100)], "b": [*range(40, 50)]}
    plot_traces(features(tmp_path, draw_tracks(make_info(), presence)), tmp_path / "t.png")
    picture = cv2.imread(str(tmp_path / "t.png"))
    colours = track_colours(["a", "b"])
    a, b = columns_of(picture, colours["a"]), columns_of(picture, colours["b"])
    assert len(a) > 300
    gap = np.diff(a).max()
    assert gap / (a.max() - a.min()) == pytest.approx(0.31, abs=0.02)
    start = a[np.argmax(np.diff(a))]
    assert start < b.min() < b.max() < start + gap


def test_a_single_frame_between_gaps_is_seen(tmp_path):
    presence = {"a": [*range(0, 20), 50, *range(80, 100)]}
    plot_traces(features(tmp_path, draw_tracks(make_info(), presence)), tmp_path / "t.png")
    a = columns_of(cv2.imread(str(tmp_path / "t.png")), track_colours(["a"])["a"])
    middle = (a - a.min()) / (a.max() - a.min())
    assert ((middle > 0.45) & (middle < 0.55)).any()
    assert not ((middle > 0.25) & (middle < 0.45)).any()


@pytest.mark.parametrize(
    ("presence", "config"),
    [
        ({}, BENDS),
        ({None: [1, 2]}, BENDS),
        ({"$x$_" * 30: [1, 2, 3], "žluť": [5]}, BENDS),
        ({str(i): list(range(i, 60)) for i in range(40)}, BENDS),
        ({"a": [1]}, FeaturesConfig(kinds=[])),
        ({"a": list(range(20))}, FeaturesConfig(kinds=["speed", "contacts"])),
    ],
    ids=["nobody", "untracked", "hostile names", "many tracks", "no features", "no angles"],
)
def test_awkward_videos_have_a_figure(presence, config, tmp_path):
    poses = draw_tracks(make_info(), presence) if presence else empty_poses(make_info())
    plot_traces(features(tmp_path, poses, config), tmp_path / "t.png", seconds=3.0)
    assert cv2.imread(str(tmp_path / "t.png")).shape[1] == 1440


def test_a_chosen_track_must_be_there(tmp_path):
    path = features(tmp_path, draw_tracks(make_info(), {"a": [1, 2], "b": [90]}))
    with pytest.raises(ConfigError, match=r"no track 'b' in what is drawn; choose among \['a'\]"):
        plot_traces(path, tmp_path / "t.png", seconds=2.0, tracks=["b"])
    assert not (tmp_path / "t.png").exists()
