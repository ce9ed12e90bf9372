import math
import warnings

import numpy as np
import pytest
from drawn_frames import POSE, animals, moved

from antpipe.evaluation.body import median, row_medians
from antpipe.evaluation.curves import average_precision
from antpipe.evaluation.detection import detection_metrics
from antpipe.evaluation.match import hits_at_thresholds, match_greedily, match_nearest
from antpipe.evaluation.oks import oks
from antpipe.evaluation.similarity import box_similarity, distance_similarity

NAN = np.nan


def test_oks_is_the_mean_of_gaussians_in_the_animals_own_size():
    # The box is 20 x 10, so the exponent is d^2 / (2 * (2 * .025)^2 * 200).
    expected = math.exp(-(2.0**2) / (2 * 0.05**2 * 200))
    assert oks(POSE[None], POSE[None] + [2, 0]) == pytest.approx(expected)
    assert oks(POSE[None], POSE[None] + [2, 0], stddev=0.1) == pytest.approx(math.exp(-4 / (2 * 0.2**2 * 200)))
    assert oks(POSE[None], POSE[None] + [2, 0], areas=np.array([800.0])) == pytest.approx(math.exp(-4 / 4))


def test_oks_with_a_deviation_for_each_node():
    moved_by = np.array([[[2.0, 0], [0, 4], [0, 0]]])
    expected = (math.exp(-4 / (2 * 0.05**2 * 200)) + math.exp(-16 / (2 * 0.4**2 * 200)) + 1) / 3
    assert oks(POSE[None], POSE + moved_by, stddev=np.array([0.025, 0.2, 0.1])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hide_true", "hide_predicted", "expected"),
    [((), (), 1.0), ((), (0,), 2 / 3), ((2,), (), 1.0), ((2,), (2,), 1.0), ((2,), (0,), 1 / 2), ((0, 1, 2), (), 0.0)],
)
def test_oks_averages_over_the_true_visible_nodes(hide_true, hide_predicted, expected):
    truth, predicted = POSE[None].copy(), POSE[None].copy()
    truth[0, list(hide_true)] = NAN
    predicted[0, list(hide_predicted)] = NAN
    assert oks(truth, predicted) == pytest.approx(expected)


def test_oks_of_a_single_visible_node_is_all_or_nothing():
    truth = POSE[None].copy()
    truth[0, 1:] = NAN
    assert oks(truth, np.stack([POSE, POSE + 0.1]))[0].tolist() == [1.0, 0.0]


def test_oks_takes_any_number_of_instances():
    assert oks(animals(0, 1), animals(0, 1, 2)).shape == (2, 3)
    assert oks(animals(), animals(0)).shape == (0, 1)
    assert oks(animals(0), animals()).shape == (1, 0)


@pytest.mark.parametrize(
    ("similarity", "scores", "expected"),
    [
        ([[0.9, 0.8], [0.7, 0.6]], [1.0, 1.0], [(0, 0), (1, 1)]),  # equal scores: in order
        ([[0.9, 0.8], [0.7, 0.6]], [0.5, 1.0], [(0, 1), (1, 0)]),  # the better score chooses first
        ([[0.9], [0.95]], [1.0], [(1, 0)]),
        ([[0.9, 0.8]], [1.0, 1.0], [(0, 0)]),  # no animal left for the second
        ([[0.0, 0.8]], [1.0, 1.0], [(0, 1)]),  # similarity 0 is no match
        (np.zeros((0, 2)), [1.0, 1.0], []),
        (np.zeros((2, 0)), [], []),
    ],
)
def test_greedy_matching_by_score(similarity, scores, expected):
    assert match_greedily(np.array(similarity), np.array(scores)) == expected


def test_hits_are_matched_at_each_threshold_afresh():
    # At .5 the first prediction takes animal 0 and the second has to take 1; at .75 only the first hits.
    similarity = np.array([[0.8, 0.7], [0.6, 0.55]])
    hits = hits_at_thresholds(similarity, np.array([1.0, 0.9]), np.array([0.5, 0.75, 0.8, 0.81]))
    assert hits.tolist() == [[True, True], [True, False], [True, False], [False, False]]


@pytest.mark.parametrize("crowded", [0.1, 0.5, 0.9])
def test_hits_are_those_of_matching_at_each_threshold(crowded):
    rng = np.random.default_rng(0)
    thresholds = np.array([0.5, 0.7, 0.9])
    for _ in range(50):
        similarity = np.where(rng.uniform(size=(4, 5)) < crowded, rng.uniform(size=(4, 5)), 0)
        scores = rng.uniform(size=5)
        pairs = [match_greedily(similarity, scores, above=t) for t in thresholds]
        expected = [[j in {p for _, p in of_threshold} for j in range(5)] for of_threshold in pairs]
        assert hits_at_thresholds(similarity, scores, thresholds).tolist() == expected


@pytest.mark.parametrize("shape", [(7, 1), (7, 2), (4, 3, 5), (0, 4), (3, 0)])
def test_medians_leave_out_nan(shape):
    rng = np.random.default_rng(0)
    values = np.where(rng.uniform(size=shape) < 0.5, np.nan, rng.normal(size=shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        np.testing.assert_array_equal(row_medians(values), np.nanmedian(values, axis=-1))
        np.testing.assert_array_equal(median(values), np.nanmedian(values))


@pytest.mark.parametrize(
    ("cost", "limit", "expected"),
    [
        ([[1.0, 2.0], [2.0, 9.0]], 5.0, [(0, 1), (1, 0)]),  # two dear matches rather than one cheap one
        ([[1.0, 2.0], [2.0, 3.0]], 1.5, [(0, 0)]),
        ([[NAN, 2.0]], 5.0, [(0, 1)]),
        ([[np.inf]], 5.0, []),
        ([[1.0], [1.0]], np.array([[0.5], [2.0]]), [(1, 0)]),  # a limit for each animal
        (np.zeros((0, 3)), 5.0, []),
        (np.zeros((2, 2)), 0.0, [(0, 0), (1, 1)]),
    ],
)
def test_nearest_matching_keeps_as_many_as_possible(cost, limit, expected):
    assert match_nearest(np.array(cost), limit) == expected


def test_average_precision_of_a_worked_example():
    # Best score first: hit, miss, hit; 4 animals. Precision 1 up to recall 1/4, 2/3 up to 1/2, then 0.
    curves = average_precision(np.array([[True, False, True]]), 4)
    recall = np.linspace(0, 1, 101)
    expected = np.where(recall <= 0.25, 1, np.where(recall <= 0.5, 2 / 3, 0))
    np.testing.assert_allclose(curves["precisions"][0], expected, atol=1e-12)
    assert curves["AP"][0] == pytest.approx((26 + 25 * 2 / 3) / 101)
    assert curves["mAR"] == 0.5


@pytest.mark.parametrize(("hits", "positives", "ap"), [([[]], 3, 0.0), ([[False]], 3, 0.0), ([[False]], 0, NAN)])
def test_average_precision_without_hits_or_animals(hits, positives, ap):
    curves = average_precision(np.array(hits, bool), positives)
    assert curves["mAP"] == pytest.approx(ap, nan_ok=True)
    assert curves["mAR"] == pytest.approx(ap, nan_ok=True)


def test_detection_at_each_radius():
    truth = [np.array([[0.0, 0], [100, 0]]), np.array([[0.0, 0]])]
    predicted = [np.array([[3.0, 0], [100, 8], [50, 50]]), np.zeros((0, 2))]
    result = detection_metrics(truth, predicted, radii=[5, 10])
    assert result["detection.tp"] == [1, 2]
    assert result["detection.fp"] == [2, 1]
    assert result["detection.fn"] == [2, 1]
    assert result["detection.precision"] == pytest.approx([1 / 3, 2 / 3])
    assert result["detection.recall"] == pytest.approx([1 / 3, 2 / 3])
    assert result["detection.f1"] == pytest.approx([1 / 3, 2 / 3])
    assert result["detection.distance"] == pytest.approx([3.0, 5.5])
    assert result["detection.count_error"] == 1.0  # one too many, then one too few
    assert result["detection.count_bias"] == 0.0


def test_average_precision_by_distance_of_a_worked_example():
    # Best score first: hit at both radii, false, hit at 10 px only; 4 animals.
    truth = [np.array([[0.0, 0], [100, 0]]), np.array([[0.0, 0], [100, 0]])]
    predicted = [np.array([[50.0, 0], [1, 0]]), np.array([[92.0, 0]])]
    result = detection_metrics(truth, predicted, radii=[5, 10], scores=[np.array([0.5, 0.9]), np.array([0.4])])
    assert result["detection.ap"] == pytest.approx([26 / 101, (26 + 25 * 2 / 3) / 101])
    assert "detection.ap" not in detection_metrics(truth, predicted, radii=[5, 10])


@pytest.mark.parametrize(("radius", "ap"), [(5, 1), (4, 1), (3.9, 0.5)])
def test_the_surer_of_two_detections_takes_the_animal_if_it_is_near_enough(radius, ap):
    truth, predicted = [np.array([[0.0, 0]])], [np.array([[1.0, 0], [4, 0]])]
    result = detection_metrics(truth, predicted, radii=[radius], scores=[np.array([0.5, 0.9])])
    assert result["detection.ap"] == pytest.approx([ap])


def test_scores_of_left_out_centroids_are_left_out():
    predicted = [np.array([[NAN, NAN], [0.0, 0], [70, 0]])]
    scores = [np.array([0.1, 0.9, 0.5])]
    assert detection_metrics([np.zeros((1, 2))], predicted, radii=[5], scores=scores)["detection.ap"] == pytest.approx(
        [1]
    )
    nothing = detection_metrics([np.zeros((0, 2))], predicted, radii=[5], scores=scores)
    assert np.isnan(nothing["detection.ap"]).all()


def test_detection_leaves_out_animals_without_a_centroid_and_knows_nothing_of_nothing():
    result = detection_metrics([np.array([[NAN, NAN]])], [np.array([[NAN, NAN]])], radii=[5])
    assert np.isnan(result["detection.precision"][0])
    assert result["detection.count_error"] == 0


def test_distance_similarity_is_half_at_half_the_animals_size():
    truth = POSE[None]  # 20 px long
    assert distance_similarity(truth, moved(truth, [10, 0])) == pytest.approx(0.5)
    assert distance_similarity(truth, moved(truth, [0, 5])) == pytest.approx(0.75)
    assert distance_similarity(truth, moved(truth, [50, 0])) == 0
    assert distance_similarity(truth, moved(truth, [10, 0]), scale=100) == pytest.approx(0.9)


def test_distance_similarity_uses_the_nodes_that_both_have():
    truth, other = POSE[None].copy(), POSE[None] + [4, 0]
    truth[0, 0], other[0, 1] = NAN, NAN
    assert distance_similarity(truth, other, scale=10) == pytest.approx(0.6)
    other[0, 2] = NAN
    assert distance_similarity(truth, other, scale=10) == 0
    point = np.zeros((1, 1, 2))
    assert distance_similarity(point, point) == 0  # a point has no size
    assert distance_similarity(point, point, scale=5) == 1


def test_box_similarity_is_intersection_over_union():
    box = np.array([[[0.0, 0], [10, 10]]])
    assert box_similarity(box, moved(box, [5, 0])) == pytest.approx(1 / 3)
    assert box_similarity(box, moved(box, [20, 0])) == 0
    assert box_similarity(box, np.full((1, 2, 2), NAN)) == 0
