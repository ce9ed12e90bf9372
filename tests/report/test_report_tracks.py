"""The record of tracks, its summary, colours and trails."""

import numpy as np
import pytest
from drawn_tracks import draw_tracks, make_info, pose_at

from antpipe.poses import empty_poses, make_poses
from antpipe.poses_file import write_poses, write_poses_to
from antpipe.report.colours import PALETTE, natural_order, track_colours
from antpipe.report.page import summarise_tracks
from antpipe.report.track_record import record_tracks
from antpipe.report.trails import Trails, middles

PRESENCE = {"a": [*range(100)], "b": [*range(10, 20), *range(30, 60)], None: [5, 6, 90]}


@pytest.fixture
def path(tmp_path):
    write_poses(tmp_path / "p.parquet", draw_tracks(make_info(), PRESENCE))
    return tmp_path / "p.parquet"


def runs_of(record):
    return {name: [tuple(run) for run in runs.tolist()] for name, runs in record.runs.items()}


def test_record_has_runs_without_gaps_and_animals_of_every_frame(path):
    record = record_tracks(path)
    assert runs_of(record) == {"a": [(0, 100)], "b": [(10, 20), (30, 60)]}
    assert record.animals[[0, 5, 15, 25, 90]].tolist() == [1, 2, 2, 1, 2]
    assert record.animals.sum() == 143


def test_record_is_the_same_however_the_rows_are_grouped(path, tmp_path, monkeypatch):
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 7)
    poses = draw_tracks(make_info(), PRESENCE)
    with write_poses_to(tmp_path / "small.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    small, whole = record_tracks(tmp_path / "small.parquet"), record_tracks(path)
    assert runs_of(small) == runs_of(whole)
    np.testing.assert_array_equal(small.animals, whole.animals)


def test_frames_that_were_not_examined_are_no_gap(tmp_path):
    info = make_info(frames=((0, 10), (50, 60)))
    write_poses(tmp_path / "p.parquet", draw_tracks(info, {"a": [*range(5, 10), *range(50, 55)]}))
    record = record_tracks(tmp_path / "p.parquet")
    assert runs_of(record) == {"a": [(5, 15)]}
    assert record.frames[[9, 10]].tolist() == [9, 50]


def test_bars_leave_out_gaps_that_nobody_would_see(tmp_path):
    hours = 20_000
    info = make_info(frames=((0, hours),))
    seen = [f for f in range(hours) if f % 3 and not 8000 <= f < 9000]
    write_poses(tmp_path / "p.parquet", draw_tracks(info, {"a": seen}))
    record = record_tracks(tmp_path / "p.parquet")
    assert len(record.runs["a"]) == 6334
    fps = info.video.fps
    assert record.bars_s("a") == [(1 / fps, 7999 / fps), (9001 / fps, 10_999 / fps)]


def test_summary_has_the_known_figures(path):
    assert summarise_tracks(path) == {
        "video": "videos/clip.mp4",
        "frames_examined": 100,
        "animals_median": 1.0,
        "animals_max": 2,
        "frames_without_animals": 0,
        "tracks": 2,
        "track_length_median_s": 7.0,
        "coverage": 0.7,
        "tracked_share": 140 / 143,
        "score_mean": 0.5,
    }


@pytest.mark.parametrize(("frames", "examined"), [(((0, 100),), 100), ((), 0)])
def test_summary_of_a_video_without_animals(frames, examined, tmp_path):
    write_poses(tmp_path / "p.parquet", empty_poses(make_info(frames=frames)))
    summary = summarise_tracks(tmp_path / "p.parquet")
    assert summary["frames_examined"] == summary["frames_without_animals"] == examined
    assert summary["tracks"] == 0
    assert [summary[k] for k in ("track_length_median_s", "coverage", "tracked_share", "score_mean")] == [None] * 4


def test_colours_follow_from_the_name_and_differ_while_there_are_enough():
    colours = track_colours([f"ant {i}" for i in range(7)])
    assert sorted(colours.values()) == sorted(PALETTE)
    assert len(set(track_colours([f"ant {i}" for i in range(21)]).values())) == 21
    assert track_colours(["ant 3"]) == {"ant 3": colours["ant 3"]}
    names = ["female", "male", "蟻", "", "ant 3", "fly 3"]
    assert len(set(track_colours(names).values())) == 6
    assert track_colours(names) == track_colours(names[::-1])
    assert len(track_colours(map(str, range(100)))) == 100


def test_natural_order_puts_2_before_10():
    assert sorted(["ant 10", "ant 2", "10", "ant", "9"], key=natural_order) == ["9", "10", "ant", "ant 2", "ant 10"]


def test_trails_reach_back_for_the_given_frames_and_end_at_the_animal():
    trails = Trails(10)
    for frame in range(30):
        trails.add(frame, make_poses(make_info(), frame_idx=[frame], points=[pose_at(frame, 7)], track=["a"]))
    np.testing.assert_allclose(trails.now(29)["a"], [[x, 7] for x in range(19, 30)])
    assert trails.now(39)["a"].shape == (1, 2)
    assert trails.now(45) == {}


def test_long_trails_are_thinned_and_still_end_at_the_animal():
    trails = Trails(240)
    for frame in range(400):
        trails.add(frame, make_poses(make_info(), frame_idx=[frame], points=[pose_at(frame, 7)], track=["a"]))
        x = trails.now(frame)["a"][:, 0]
        assert x[-1] == frame
    assert len(x) <= 26
    assert set(np.diff(x)[:-1]) == {10.0}


def test_untracked_animals_leave_no_trail():
    trails = Trails(10)
    trails.add(0, make_poses(make_info(), frame_idx=[0, 0], points=[pose_at(1, 1)] * 2, track=[None, "a"]))
    assert list(trails.now(0)) == ["a"]


def test_the_middle_of_an_animal_is_the_median_of_its_visible_nodes():
    points = np.array([[[0, 0], [2, 4], [100, 8]], [[np.nan] * 2, [1, 1], [3, 3]], [[np.nan] * 2] * 3])
    np.testing.assert_array_equal(middles(points), [[2, 4], [2, 2], [np.nan] * 2])
