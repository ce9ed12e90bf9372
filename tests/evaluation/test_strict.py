import numpy as np
import pytest
from drawn_frames import NODES, POSE, animals, frame, moved

from antpipe.evaluation.strict import strict_metrics

LENGTH = 20.0


def strict(truth, predicted, **options):
    return strict_metrics(truth, predicted, nodes=NODES, **options)


@pytest.fixture
def truth():
    return [frame(animals(0, 1), 0), frame(animals(0, 1, 2), 1)]


def test_exact_predictions_are_perfect(truth):
    metrics = strict(truth, truth)
    assert metrics["oks_voc.mAP"] == pytest.approx(1)
    assert metrics["oks_voc.mAR"] == metrics["pck.mPCK"] == metrics["oks.mOKS"] == 1
    assert metrics["dist.avg"] == 0
    assert (metrics["instances.found"], metrics["instances.missed"], metrics["instances.extra"]) == (5, 0, 0)
    assert metrics["detection.f1"] == [1, 1, 1]


def test_a_false_detection_lowers_precision_and_not_recall(truth):
    for score in (1.5, 1.0, 0.1):
        spurious = [frame(animals(0, 1, 7), 0, scores=[1, 1, score]), truth[1]]
        metrics = strict(truth, spurious)
        assert (metrics["oks_voc.mAP"] < 1) == (score >= 1)  # the least sure one comes after full recall
        assert metrics["oks_voc.mAR"] == 1
        assert metrics["instances.extra"] == 1
        assert metrics["instances.precision"] == pytest.approx(5 / 6)


def test_a_second_detection_of_the_same_animal_is_false(truth):
    doubled = [frame(np.concatenate([animals(0, 1), animals(0, shift=1.0)]), 0, scores=[1, 0.5, 0.9]), truth[1]]
    metrics = strict(truth, doubled)
    assert metrics["oks_voc.mAP"] < 1
    assert metrics["instances.extra"] == 1


def test_a_missing_frame_lowers_recall_and_not_precision(truth):
    metrics = strict(truth, truth[:1])
    assert metrics["frames.without_prediction"] == 1
    assert metrics["oks_voc.mAR"] == pytest.approx(2 / 5)
    assert metrics["instances.recall"] == pytest.approx(2 / 5)
    assert metrics["instances.precision"] == 1
    assert metrics["oks.mOKS"] == pytest.approx(2 / 5)
    assert metrics["detection.recall"] == pytest.approx([2 / 5] * 3)


def test_predictions_in_frames_that_nobody_labelled_do_not_count(truth):
    metrics = strict(truth, [*truth, frame(animals(0), 99), frame(animals(0), 0, video="other.mp4")])
    assert metrics["frames.not_labelled"] == 2
    assert metrics["oks_voc.mAP"] == pytest.approx(1)


def test_a_true_frame_without_animals_makes_every_detection_false(truth):
    metrics = strict([*truth, frame(animals(), 2)], [*truth, frame(animals(0), 2, scores=[2.0])])
    assert metrics["instances.extra"] == 1
    assert metrics["oks_voc.mAP"] < 1
    assert metrics["detection.count_error"] == pytest.approx(1 / 3)


def test_wrong_legs_are_errors_of_nodes_not_a_missed_animal(truth):
    points = animals(0, 1)
    points[0, 2] += [0, 60]
    metrics = strict(truth[:1], [frame(points)])
    assert metrics["instances.missed"] == 0
    assert metrics["nodes"]["tail"]["avg"] == 30
    assert metrics["nodes"]["head"]["avg"] == 0
    assert metrics["dist.avg"] == 10
    assert metrics["dist.body.avg"] == pytest.approx(10 / LENGTH)
    assert metrics["nodes"]["tail"]["body.avg"] == pytest.approx(30 / LENGTH)


@pytest.mark.parametrize(("shift", "found"), [(9.0, 1), (10.0, 1), (10.5, 0)])
def test_an_animal_is_found_within_half_its_length(shift, found):
    assert strict([frame(animals(0))], [frame(animals(0, shift=shift))])["instances.found"] == found


def test_pairs_do_not_depend_on_scores():
    # The surer prediction is the worse one for both animals, but each animal gets its own.
    truth = [frame(np.stack([POSE, moved(POSE, (6, 0))]))]
    near = np.stack([moved(POSE, (5, 0)), moved(POSE, (-1, 0))])
    for scores in ([1.0, 0.5], [0.5, 1.0]):
        assert strict(truth, [frame(near, scores=scores)])["dist.avg"] == 1


def test_lost_nodes_count_against_pck_and_unlabelled_ones_do_not():
    truth, predicted = animals(0), animals(0)
    truth[0, 0] = np.nan
    predicted[0, 2] = np.nan
    metrics = strict([frame(truth)], [frame(predicted)])
    assert metrics["pck.mPCK"] == pytest.approx(1 / 2)
    np.testing.assert_array_equal(metrics["pck.mPCK_parts"], [np.nan, 1, 0])
    assert metrics["nodes"]["tail"]["lost"] == 1
    assert (metrics["vis.tp"], metrics["vis.fp"], metrics["vis.fn"]) == (1, 1, 1)


def test_the_body_length_may_be_measured_between_two_nodes():
    metrics = strict([frame(animals(0))], [frame(animals(0, shift=2.0))], body=("head", "thorax"))
    assert metrics["body_length.is"] == "head to thorax"
    assert metrics["body_length.median"] == pytest.approx(np.hypot(10, 10))
    assert metrics["dist.body.avg"] == pytest.approx(2 / np.hypot(10, 10))


def test_nodes_that_are_not_compared_still_give_the_size():
    predicted = animals(0, shift=8.0)
    predicted[0, 0] = np.nan
    metrics = strict([frame(animals(0))], [frame(predicted)], compared=["thorax", "tail"])
    assert (metrics["instances.found"], metrics["body_length.median"]) == (1, LENGTH)
    assert list(metrics["nodes"]) == ["thorax", "tail"]
    assert metrics["vis.fn"] == 0


def test_instances_without_a_visible_node_are_no_instances():
    unseen = np.concatenate([animals(0), np.full((1, 3, 2), np.nan)])
    metrics = strict([frame(unseen)], [frame(unseen)])
    assert (metrics["instances.truth"], metrics["instances.predicted"]) == (1, 1)
    assert metrics["oks_voc.mAP"] == pytest.approx(1)


@pytest.mark.parametrize(("truth", "predicted"), [(animals(), animals(0)), (animals(0), animals()), (animals(),) * 2])
def test_nothing_to_compare_gives_nan_and_no_error(truth, predicted):
    metrics = strict([frame(truth)], [frame(predicted)])
    assert np.isnan(metrics["dist.avg"])
    assert np.isnan(metrics["oks_voc.mAP"]) == (len(truth) == 0)


def test_worked_example_of_average_precision():
    # Scores .9 hit, .8 false, .7 hit of 4 animals, at every threshold.
    truth = [frame(animals(0, 1, 2, 3))]
    predicted = [frame(animals(0, 8, 1), scores=[0.9, 0.8, 0.7])]
    metrics = strict(truth, predicted)
    assert metrics["oks_voc.AP"] == pytest.approx([(26 + 25 * 2 / 3) / 101] * 10)
    assert metrics["oks_voc.AR"] == pytest.approx([0.5] * 10)


def test_found_animals_of_real_centroid_models_are_the_distinct_ones(shared_data):
    # SLEAP's centroid evaluation copies true poses to predictions; duplicates show as extra instances.
    from antpipe.evaluation.evaluate import evaluate

    expected = {"filter_32-stride_32": (140, 85), "filter_32-stride_16": (145, 83), "filter_16-stride_8": (179, 87)}
    for model, (predictions, distinct) in {**expected, "part_LowerThorax": (162, 90)}.items():
        folder = next((shared_data / "ants_models" / "general").glob(f"{model}.*.centroid"))
        metrics = evaluate(folder / "labels_gt.test.slp", folder / "labels_pr.test.slp")
        assert (metrics["instances.predicted"], metrics["instances.found"]) == (predictions, distinct)
        assert metrics["oks_voc.mAR"] == pytest.approx(distinct / 125)
