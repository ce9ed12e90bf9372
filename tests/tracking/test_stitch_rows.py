import numpy as np
import pytest
from drawn_stitch import film, named, parts_of, walkers

from antpipe.tracking.stitch_rows import evenly, number_tracks, tracked_rows, windows


def drawn(frames=200):
    points = walkers(np.random.default_rng(0), frames, [1.0, 1.0, 1.0])
    tracks = named(frames, ["a", "b", "none"])
    tracks[50:60, 0] = ""
    return film(points, tracks)


@pytest.mark.parametrize("rows", [1, 30, 10**6])
@pytest.mark.parametrize("context", [0, 7, 500])
def test_windows_cover_all_frames_once_and_hold_their_surroundings(monkeypatch, rows, context):
    monkeypatch.setattr("antpipe.tracking.stitch_rows.AT_ONCE", rows)
    poses = drawn()
    covered = []
    for window in windows(tracked_rows(parts_of(poses, rows), {}), context):
        assert (np.diff(window.rows.key) > 0).all()
        covered += list(range(window.start, window.stop))
        expected = [
            (name, frame)
            for frame, name in zip(poses.frame_idx, poses.track, strict=True)
            if name is not None and window.start - context <= frame < window.stop + context
        ]
        held = list(zip(np.array(["a", "b"])[window.rows.track], window.rows.frame_idx, strict=True))
        assert set(expected) == {(n, f) for n, f in held if window.start - context <= f < window.stop + context}
        assert window.inside.sum() == sum(window.start <= frame < window.stop for _, frame in expected)
    assert covered == list(range(200))


def test_ghosts_are_left_out():
    rows = list(tracked_rows([drawn()], {}, np.array([True, False])))
    assert set(np.concatenate([part.track for part in rows])) == {1}


def test_an_instance_without_a_visible_node_and_a_second_one_of_a_track_are_not_tracked():
    points = walkers(np.random.default_rng(0), 3, [1.0, 1.0])
    points[1, 0] = np.nan
    assert number_tracks(film(points, named(3, ["a", "a"])), {}).tolist() == [0, -1, -1, 0, 0, -1]


@pytest.mark.parametrize(("count", "most", "expected"), [(3, 5, [0, 1, 2]), (6, 3, [0, 2, 4]), (0, 3, [])])
def test_evenly(count, most, expected):
    assert evenly(np.arange(count), most).tolist() == expected
