import numpy as np
import pytest
from drawn_frames import NODES, animals, frame

from antpipe.evaluation.strict import strict_metrics


def strict(truth, predicted):
    return strict_metrics(truth, predicted, nodes=NODES)


@pytest.fixture
def metrics():
    """Two videos: in `a` one animal is missed and one prediction is extra, `b` is exact; `b`'s last frame is not."""
    truth = [frame(animals(0, 1), 7, video="a"), frame(animals(0), 3, video="b"), frame(animals(0, 1, 2), 9, video="b")]
    points = animals(0, shift=2.0)
    points[0, 2] += [0, 6]
    found = [frame(np.concatenate([points, animals(8)]), 7, video="a"), frame(animals(0), 3, video="b")]
    return strict(truth, found)


def test_one_value_for_each_true_frame(metrics):
    columns = metrics["per_frame"]
    tail = np.hypot(2, 6)
    gaussian = {d2: np.exp(-d2 / (2 * 0.05**2 * 200)) for d2 in (4, 40)}
    assert columns["video"] == ["a", "b", "b"]
    assert columns["frame_idx"] == [7, 3, 9]
    assert columns["truth"] == [2, 1, 3]
    assert columns["predicted"] == [2, 1, 0]
    assert columns["found"] == [1, 1, 0]
    assert columns["dist.avg"] == pytest.approx([(2 + 2 + tail) / 3, 0, np.nan], nan_ok=True)
    assert columns["dist.p50"] == pytest.approx([2, 0, np.nan], nan_ok=True)
    assert columns["oks.sum"] == pytest.approx([(2 * gaussian[4] + gaussian[40]) / 3, 1, 0])


def test_the_frames_add_up_to_the_whole():
    truth = [frame(animals(0, 1, 2), 0), frame(animals(0, 1), 1)]
    metrics = strict(truth, [frame(animals(0, 1, shift=1.0), 0), frame(animals(0, 1, 2), 1)])
    columns = metrics["per_frame"]
    assert columns["found"] == [2, 2]
    assert sum(columns["found"]) == metrics["instances.found"]
    assert sum(columns["oks.sum"]) / sum(columns["truth"]) == pytest.approx(metrics["oks.mOKS"])


def test_figures_of_each_video(metrics):
    a, b = metrics["per_video"]["a"], metrics["per_video"]["b"]
    assert list(metrics["per_video"]) == ["a", "b"]
    assert [a[f"instances.{name}"] for name in ("truth", "found", "missed", "extra")] == [2, 1, 1, 1]
    assert (b["frames"], b["instances.recall"], b["instances.precision"]) == (2, 1 / 4, 1)
    assert (a["dist.p50"], b["dist.avg"], b["oks.mOKS"]) == (2, 0, 1 / 4)
    assert a["dist.p90"] == pytest.approx(2 + 0.8 * (np.hypot(2, 6) - 2))


def test_a_video_in_which_nothing_was_found_has_no_distances():
    metrics = strict([frame(animals(0), video="a"), frame(animals(0), video="b")], [frame(animals(0), video="a")])
    assert metrics["per_video"]["b"]["instances.missed"] == 1
    assert np.isnan(metrics["per_video"]["b"]["dist.avg"])
    assert metrics["per_video"]["b"]["oks.mOKS"] == 0


def test_visibility_of_each_node():
    truth, predicted = animals(0, 1, 2, 3), animals(0, 1, 2, 3)
    truth[[0, 1], 0] = np.nan
    predicted[[0, 2, 3], 0] = np.nan
    metrics = strict([frame(truth)], [frame(predicted)])
    head, tail = metrics["nodes"]["head"], metrics["nodes"]["tail"]
    assert [head[name] for name in ("tp", "fp", "tn", "fn", "visible", "lost")] == [0, 1, 1, 2, 2, 2]
    assert [tail[name] for name in ("tp", "fp", "tn", "fn")] == [4, 0, 0, 0]
    assert sum(node["fn"] for node in metrics["nodes"].values()) == metrics["vis.fn"]
