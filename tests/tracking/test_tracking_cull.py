import numpy as np
import pytest
from drawn_walks import animals, track, tracked

from antpipe.tracking.cull import best

NAN = np.nan
# Boxes of 40 x 12 px, so a shift of 10 px overlaps by 30 / 50.
FOUR = animals((0, 0), (10, 0), (100, 0), (200, 0))


@pytest.mark.parametrize(
    ("count", "overlap", "score", "kept"),
    [
        (None, None, [0.1, 0.2, 0.3, 0.4], [1, 1, 1, 1]),
        (2, None, [0.9, 0.8, 0.3, 0.4], [1, 1, 0, 0]),
        (2, None, [0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0]),  # of equals the first
        (2, None, [0.5, NAN, 0.6, NAN], [0, 1, 0, 1]),  # what a person has drawn has no score
        (9, None, [0.9, 0.8, 0.3, 0.4], [1, 1, 1, 1]),
        (None, 0.5, [0.9, 0.8, 0.3, 0.4], [1, 0, 1, 1]),
        (None, 0.5, [0.8, 0.9, 0.3, 0.4], [0, 1, 1, 1]),
        (None, 0.7, [0.9, 0.8, 0.3, 0.4], [1, 1, 1, 1]),
        (2, 0.5, [0.9, 0.8, 0.3, 0.4], [1, 0, 0, 1]),  # first the overlap, then the score
        (4, 0.5, [0.9, 0.8, 0.3, 0.4], [1, 1, 1, 1]),  # enough room for all
        (3, 0.5, [0.9, 0.8, 0.3, 0.4], [1, 0, 1, 1]),
    ],
)
def test_the_best_instances_are_kept(count, overlap, score, kept):
    assert best(FOUR, np.array(score), count=count, overlap=overlap).tolist() == [bool(k) for k in kept]


def test_overlaps_do_not_bring_the_number_below_the_target():
    # Three on one spot and a target of two: one of the doubles stays. SLEAP means that, but brings back none.
    spot = animals((0, 0), (1, 0), (2, 0))
    assert best(spot, np.array([0.5, 0.9, 0.7]), count=2, overlap=0.5).tolist() == [False, True, True]


def test_what_does_not_lie_on_a_kept_one_is_kept():
    # A chain: the middle one overlaps both ends, which do not overlap each other.
    chain = animals((0, 0), (15, 0), (30, 0))
    assert best(chain, np.array([0.9, 0.8, 0.7]), count=None, overlap=0.3).tolist() == [True, False, True]
    assert best(chain, np.array([0.8, 0.9, 0.7]), count=None, overlap=0.3).tolist() == [False, True, False]


def test_nothing_is_nothing():
    assert best(animals(), np.zeros(0), count=2, overlap=0.5).tolist() == []


DOUBLE = [animals((0, 0), (200, 0), (204, 0))] * 4
SCORES = [[0.9, 0.8, 0.85]] * 4


@pytest.mark.parametrize(
    "settings",
    [
        {"pre_cull_iou_threshold": 0.5},
        {"pre_cull_to_target": True, "target_instance_count": 2},
        {"clean_iou_threshold": 0.5},
        {"clean_instance_count": 2},
    ],
    ids=lambda s: next(iter(s)),
)
def test_culled_instances_stay_in_the_table_without_a_track(settings):
    names = track(DOUBLE, SCORES, **settings)
    assert [[name is None for name in found] for found in names] == [[False, True, False]] * 4
    result = tracked(DOUBLE, SCORES, **settings)
    assert np.isnan(result.tracking_score[1::3]).all()


def test_before_tracking_the_culled_do_not_disturb():
    # The worse one lies nearer to where the track should be.
    frames = [animals((0, 0))] * 5 + [animals((0, 0), (3, 0))]
    scores = [[0.9]] * 5 + [[0.7, 0.8]]
    assert track(frames, scores, pre_cull_iou_threshold=0.5)[-1] == [None, "track_0"]
    assert track(frames, scores, clean_iou_threshold=0.5)[-1] == [None, "track_1"]
