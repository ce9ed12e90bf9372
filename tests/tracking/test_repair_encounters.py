from dataclasses import replace

import numpy as np
import pytest
from test_stitch_motion import motion, rows_of, together

from antpipe.tracking.repair_encounters import CONTEXT, every_frame, find_encounters, join_encounters
from antpipe.tracking.stitch_rows import Window, windows


def passing(speed=4.0, aside=6.0, frames=60):
    """Two animals that pass each other in frame `frames / 2`, `aside` pixels apart."""
    along = speed * (np.arange(frames) - (frames - 1) / 2)
    a = rows_of(np.stack([along, np.zeros(frames)], axis=-1))
    b = rows_of(np.stack([-along, np.full(frames, aside)], axis=-1), track=1)
    return together(a, b)


def found(rows, closeness=20.0):
    window = Window(rows=rows, start=0, stop=int(rows.frame_idx.max()) + 1)
    return find_encounters(window, motion(), closeness)


def test_an_encounter_is_where_two_come_close_and_is_cut_where_they_are_closest():
    result = found(passing())
    assert result.track.tolist() == [[0, 1]]
    # d(t) = (8 (t - 29.5), 6): the product of neighbours is 64 ((t - 29)^2 - 1/4) + 36, below 400 from 27 to 31.
    assert (result.first[0], result.last[0]) == (27, 32)
    assert result.at[0] == 29
    assert result.value[0] == pytest.approx(36 - 64 / 4)
    # Whoever goes on as he came is the likelier one.
    assert (result.crossing < -0.5).all()


def test_animals_that_bounce_off_each_other_look_like_a_crossing():
    rows = passing()
    late = rows.frame_idx >= 30
    swapped = replace(rows, track=np.where(late, 1 - rows.track, rows.track))
    result = found(swapped[np.argsort(swapped.key)])
    assert (result.crossing > 0.5).all()


def test_animals_that_stay_apart_meet_nobody():
    assert len(found(passing(aside=25.0))) == 0
    assert len(found(rows_of(np.zeros((5, 2))))) == 0


def test_one_that_is_out_of_sight_still_meets_the_other():
    rows = passing()
    hidden = (rows.track == 1) & (abs(rows.frame_idx - 29.5) < 5)
    result = found(rows[~hidden])
    assert result.track.tolist() == [[0, 1]]
    assert abs(result.at[0] - 29) <= 1


@pytest.mark.parametrize("length", [1, 5, 13])
def test_windows_make_no_difference(length):
    rng = np.random.default_rng(0)
    place = np.cumsum(rng.normal(0, 2, (4, 150, 2)), axis=1) + rng.uniform(0, 40, (4, 1, 2))
    rows = together(*(rows_of(p, track) for track, p in enumerate(place)))
    rows = rows[rng.random(len(rows)) > 0.15]
    whole = found(rows)
    in_order = rows[np.argsort(rows.frame_idx, kind="stable")]
    parts = [in_order[(in_order.frame_idx // length) == k] for k in range(150 // length + 1)]
    joined = join_encounters(find_encounters(w, motion(), 20.0) for w in windows(parts, CONTEXT))
    assert len(whole) > 3
    for name in ("track", "first", "last", "at", "value"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name), err_msg=name)


def test_every_frame_is_filled_between_rows_that_are_near_in_time():
    rows = rows_of(np.array([[0.0, 0], [4, 8], [100, 0]]))
    rows = replace(rows, frame_idx=np.array([10, 14, 50]))
    filled = every_frame(rows)
    assert filled.frame_idx.tolist() == [*range(2, 14), *range(14, 23), *range(42, 59)]
    middle = filled.points.mean(axis=1)
    np.testing.assert_allclose(middle[8:13], [[0, 0], [1, 2], [2, 4], [3, 6], [4, 8]])
    assert (middle[:8] == 0).all()
    assert (middle[21:] == [100, 0]).all()
