import numpy as np
import pytest
from drawn_stitch import film, named, place_bodies, stitched
from test_stitch_motion import motion, rows_of, together

from antpipe.tracking.repair_encounters import CONTEXT
from antpipe.tracking.repair_jumps import find_jumps
from antpipe.tracking.stitch_rows import Window, windows

RNG = np.random.default_rng(0)


def jumps(rows):
    track, after = find_jumps(Window(rows=rows, start=0, stop=int(rows.frame_idx.max()) + 1), motion())
    return list(zip(track.tolist(), after.tolist(), strict=True))


def standing(frames=40, at=(0.0, 0.0)):
    return np.tile(np.array(at), (frames, 1))


def test_a_track_that_is_all_at_once_somewhere_else_jumps():
    place = standing()
    place[20:] += 60
    assert jumps(together(rows_of(standing()), rows_of(place, track=1))) == [(1, 19)]


@pytest.mark.parametrize("place", [standing(), np.outer(np.arange(40), [25.0, 0])], ids=["still", "fast"])
def test_one_that_goes_where_it_was_heading_does_not(place):
    rows = rows_of(place)
    assert not jumps(rows)
    assert not jumps(rows[(rows.frame_idx < 15) | (rows.frame_idx > 20)])


def test_a_pose_made_of_two_animals_does_not_jump():
    rows = rows_of(standing())
    rows.points[20:, 1] += 60
    assert not jumps(rows)
    rows.points[20:, 0] += 60
    assert jumps(rows) == [(0, 19)]
    rows.points[20:, 1] = np.nan
    assert jumps(rows) == [(0, 19)]
    rows.points[:20, 0] = np.nan
    assert not jumps(rows), "no node is seen before and after"


@pytest.mark.parametrize("length", [1, 7, 40])
def test_windows_make_no_difference(length):
    place = np.cumsum(RNG.normal(0, 1, (3, 200, 2)), axis=1)
    for track, frame in ((0, 50), (1, 90), (1, 120), (2, 199)):
        place[track, frame:] += 80
    rows = together(*(rows_of(p, track) for track, p in enumerate(place)))
    rows = rows[RNG.random(len(rows)) > 0.15]
    in_order = rows[np.argsort(rows.frame_idx, kind="stable")]
    parts = [in_order[in_order.frame_idx // length == k] for k in range(200 // length + 1)]
    found = [find_jumps(window, motion()) for window in windows(parts, CONTEXT)]
    in_parts = {pair for track, after in found for pair in zip(track.tolist(), after.tolist(), strict=True)}
    assert in_parts == set(jumps(rows))
    assert len(in_parts) >= 3


@pytest.mark.parametrize("hidden", [15, 20])
def test_an_animal_whose_place_another_track_took_while_it_was_out_of_sight_gets_it_back(hidden):
    # While the one that stands is out of sight, the other one comes by and is lost; its track goes on as the first.
    frames = 300
    place = np.zeros((frames, 2, 2))
    place[:, 0] = [400, 300]
    place[:, 1, 0], place[:, 1, 1] = 100 + 2 * np.arange(frames), 330
    points = place_bodies(place, np.zeros((frames, 2)), [1.0, 1.0]) + RNG.normal(0, 0.3, (frames, 2, 5, 2))
    tracks = named(frames, ["stands", "walks"])
    back = 158
    tracks[back - hidden : back, 0] = ""
    tracks[back:, 0], tracks[back - 12 : back + 3, 1], tracks[back + 3 :, 1] = "walks", "", "new"
    poses = film(points, tracks)
    found, events = stitched(poses)
    standing = np.abs(poses.points[:, 1] - [400, 300]).max(axis=1) < 5
    assert (
        set(found[standing & (poses.frame_idx < 145)]) == set(found[standing & (poses.frame_idx > back)]) == {"stands"}
    )
    walking = poses.points[:, 1, 1] > 320
    assert set(found[walking]) == {"walks"}
    assert "repair" in {event.kind for event in events}
