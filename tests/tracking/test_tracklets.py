import numpy as np
import pytest
from drawn_stitch import film, named, parts_of, walkers

from antpipe.tracking.stitch_rows import tracked_rows, windows
from antpipe.tracking.tracklets import CONTEXT, Measure, collect_tracklets, make_cuts


def look(rows):
    """A feature that is the frame, and one that is known for the first track alone."""
    return np.stack([rows.frame_idx.astype(float), np.where(rows.track == 0, 7.0, np.nan)], axis=-1)


def collect(cut, rows):
    points = walkers(np.random.default_rng(0), 90, [1.0, 1.0])
    tracks = named(90, ["a", "b"])
    tracks[40:44, 0] = ""
    poses = film(points, tracks)
    parts = windows(tracked_rows(parts_of(poses, rows), {}), CONTEXT)
    return collect_tracklets(parts, make_cuts(*cut), 2, 5, [Measure(look=look, features=2)]), points


CUT = (np.array([1, 0, 0, 0]), np.array([30, 40, 42, 89]))


@pytest.mark.parametrize("rows", [1, 25, 10**6])
def test_tracks_are_cut_and_summed_up(monkeypatch, rows):
    monkeypatch.setattr("antpipe.tracking.stitch_rows.AT_ONCE", rows)
    (tracklets, of_slot), points = collect(CUT, rows)
    assert tracklets.track.tolist() == [0, 0, 1, 1]
    assert tracklets.first.tolist() == [0, 44, 0, 31]
    assert tracklets.last.tolist() == [39, 89, 30, 89]
    assert tracklets.rows.tolist() == [40, 46, 31, 59]
    assert tracklets.following.tolist() == [1, -1, 3, -1]
    # After frame 42 comes nothing before the next cut, nor after the last frame.
    assert of_slot.tolist() == [0, -1, 1, -1, 2, 3]
    np.testing.assert_allclose(tracklets.start_pose[1], points[44, 0], atol=1e-3)
    np.testing.assert_allclose(tracklets.end_pose[2], points[30, 1], atol=1e-3)
    # A velocity does not reach over a cut.
    ahead = (points[36, 1] - points[31, 1]).mean(axis=0) / 5
    np.testing.assert_allclose(tracklets.start_velocity[3], ahead, atol=1e-3)
    back = (points[30, 1] - points[25, 1]).mean(axis=0) / 5
    np.testing.assert_allclose(tracklets.end_velocity[2], back, atol=1e-3)
    looks = tracklets.looks[0]
    sums = [sum(range(40)), sum(range(44, 90)), sum(range(31)), sum(range(31, 90))]
    np.testing.assert_allclose(looks.total[:, 0], sums)
    assert looks.count[:, 1].tolist() == [40, 46, 0, 0]


def test_without_cuts_a_tracklet_is_a_track():
    none = np.zeros(0, np.int64)
    (tracklets, of_slot), _ = collect((none, none), 10**6)
    assert tracklets.rows.tolist() == [86, 90]
    assert of_slot.tolist() == [0, 1]
