from dataclasses import replace

import numpy as np
import pytest
from drawn_frames import NODES, animals, frame

from antpipe.evaluation import intervals as module
from antpipe.evaluation.bootstrap import draw_blocks
from antpipe.evaluation.frames import seen_instances
from antpipe.evaluation.intervals import resampled
from antpipe.evaluation.oks import STDDEV, box_lengths
from antpipe.evaluation.scene import make_scene
from antpipe.evaluation.strict import strict_metrics

NAMES = ("dist.avg", "dist.p50", "dist.p90", "oks.mOKS", "oks_voc.mAP", "instances.recall", "instances.precision")


def drawn(frames, seed=0):
    """True and predicted frames with errors of each kind, scores without ties."""
    rng = np.random.default_rng(seed)
    truth = [frame(animals(*range(rng.integers(1, 5))), i) for i in range(frames)]
    found = []
    for true in truth:
        kept = true.points[rng.uniform(size=len(true.points)) < 0.8]
        points = np.concatenate([kept + rng.normal(0, 1.0, kept.shape), animals(*[9] * rng.integers(0, 2))])
        points[rng.uniform(size=points.shape[:2]) < 0.1] = np.nan
        found.append(frame(points, true.frame_idx, scores=rng.uniform(size=len(points))))
    return truth, found


def scenes_of(truth, found):
    spread = np.full(3, STDDEV)
    pairs = [(t, seen_instances(p)) for t, p in zip(truth, found, strict=True)]
    return [make_scene(t, p, range(3), box_lengths(t.points), spread) for t, p in pairs]


def repeated(frames, blocks, draw):
    """The frames of a resample, each copy as a frame of another video."""
    return [
        replace(f, video=f"copy {copy}")
        for f, block in zip(frames, blocks, strict=True)
        for copy in range(int(draw[block]))
    ]


def test_resampling_weights_is_evaluating_the_frames_that_were_drawn():
    truth, found = drawn(12)
    blocks = np.arange(12) // 3
    draws = draw_blocks(4)[:8]
    ours = resampled(scenes_of(truth, found), blocks, draws)
    for row, draw in enumerate(draws):
        metrics = strict_metrics(*(repeated(frames, blocks, draw) for frames in (truth, found)), nodes=NODES)
        for name in NAMES:
            assert ours[name][row] == pytest.approx(metrics[name], abs=1e-12), name


def test_many_values_are_binned_without_a_noticeable_difference(monkeypatch):
    truth, found = drawn(150)
    scenes, blocks, draws = scenes_of(truth, found), np.arange(150) // 5, draw_blocks(30)
    exact = resampled(scenes, blocks, draws)
    monkeypatch.setattr(module, "MOST_BINS", 256)
    for name, binned in resampled(scenes, blocks, draws).items():
        assert np.std(binned - exact[name]) <= 0.15 * np.std(exact[name]), name


def test_intervals_lie_around_their_figures_and_say_how_they_were_made():
    truth, found = drawn(100)
    metrics = strict_metrics(truth, found, nodes=NODES)
    assert {key for key in metrics if key.startswith("interval.")} == {f"interval.{name}" for name in NAMES}
    for name in NAMES:
        low, high = metrics[f"interval.{name}"]
        assert low < metrics[name] < high, name
    assert (metrics["bootstrap.blocks"], metrics["bootstrap.block_frames"], metrics["bootstrap.level"]) == (20, 5, 0.95)
    again, other = strict_metrics(truth, found, nodes=NODES), strict_metrics(truth, found, nodes=NODES, seed=1)
    assert again["interval.dist.avg"] == metrics["interval.dist.avg"] != other["interval.dist.avg"]


@pytest.mark.parametrize(
    ("truth", "found"),
    [([frame(animals(0))], []), ([frame(animals())], [frame(animals(0))]), ([frame(animals(0)), frame([], 900)], [])],
)
def test_too_little_to_resample_gives_nan_and_no_error(truth, found):
    metrics = strict_metrics(truth, found, nodes=NODES)
    assert np.isnan(metrics["interval.dist.avg"]).all()
    assert np.isnan(metrics["interval.instances.precision"]).all()


def test_twenty_real_frames_prove_little(shared_data):
    from antpipe.evaluation.evaluate import evaluate

    folders = sorted((shared_data / "ants_models" / "leaf_tip").glob("*centered_instance*"))
    results = [evaluate(f / "labels_gt.test.slp", f / "labels_pr.test.slp") for f in folders]
    for result in results:
        low, high = result["interval.oks_voc.mAP"]
        assert low < result["oks_voc.mAP"] < high
        assert high - low > 0.1
        assert result["bootstrap.blocks"] == 17
    # The two folds differ by .03, far less than chance allows.
    assert results[0]["interval.oks_voc.mAP"][0] < results[1]["oks_voc.mAP"]
