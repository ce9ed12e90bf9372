import numpy as np
import pytest
from drawn_frames import animals, frame

from antpipe.evaluation.npz import read_metrics
from antpipe.evaluation.read import read_frames, with_truth_videos
from antpipe.evaluation.sleap_metrics import sleap_metrics

LISTS = ("dist.frame_idxs", "dist.video_paths")


def run_folders(shared_data):
    return sorted(p for p in (shared_data / "ants_models").glob("*/*") if p.is_dir())


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_all_stored_metrics_of_all_models_come_out_again(shared_data, part):
    folders = run_folders(shared_data)
    assert len(folders) == 12
    for folder in folders:
        truth = read_frames(folder / f"labels_gt.{part}.slp", prefer="user")
        predicted, _ = with_truth_videos(truth, read_frames(folder / f"labels_pr.{part}.slp", prefer="predicted"))
        ours, stored = sleap_metrics(truth.frames, predicted.frames), read_metrics(folder / f"metrics.{part}.npz")
        assert list(ours) == list(stored)
        for key, value in stored.items():
            if key in LISTS:
                assert ours[key] == value
            else:
                np.testing.assert_allclose(ours[key], value, rtol=0, atol=1e-9, err_msg=f"{folder.name} {key}")


@pytest.mark.parametrize("order", ["frames", "videos"])
def test_the_order_of_frames_decides_ties(shared_data, order):
    folder = next(
        p for p in run_folders(shared_data) if p.name.startswith("filter_32-stride_32") and "instance" in p.name
    )
    truth = read_frames(folder / "labels_gt.test.slp", prefer="user")
    predicted, _ = with_truth_videos(truth, read_frames(folder / "labels_pr.test.slp", prefer="predicted"))
    videos = list(dict.fromkeys(f.video for f in truth.frames))
    keys = {
        "frames": lambda f: (videos.index(f.video), f.frame_idx),
        "videos": lambda f: -videos.index(f.video),
    }
    value = sleap_metrics(sorted(truth.frames, key=keys[order]), predicted.frames)["oks_voc.mAP"]
    assert value == pytest.approx({"frames": 0.7279, "videos": 0.7197}[order], abs=5e-5)


def test_false_detections_and_missing_frames_do_not_count():
    truth = [frame(animals(0, 1), 0), frame(animals(0), 1)]
    exact = [frame(animals(0, 1), 0), frame(animals(0), 1)]
    best = sleap_metrics(truth, exact)
    assert best["oks_voc.mAP"] == pytest.approx(1)
    assert sleap_metrics(truth, [frame(animals(0, 1, 5), 0), exact[1]])["oks_voc.mAP"] == best["oks_voc.mAP"]
    assert sleap_metrics(truth, exact[:1])["oks_voc.mAR"] == 1


def test_figures_of_a_worked_example():
    truth = [frame(animals(0, 1))]
    predicted = [frame(np.concatenate([animals(0, shift=3.0), animals(8)]), scores=[0.5, 0.9])]
    predicted[0].points[0, 2] = np.nan
    metrics = sleap_metrics(truth, predicted)
    assert metrics["dist.avg"] == 3
    assert (metrics["vis.tp"], metrics["vis.fn"], metrics["vis.recall"]) == (2, 1, 2 / 3)
    assert metrics["pck.mPCK"] == pytest.approx(2 / 3 * 0.7)  # 3 px is below 4, 5, ... 10
    assert metrics["oks_voc.match_scores"] == pytest.approx([2 / 3 * np.exp(-9)])
    assert metrics["oks_voc.mAR"] == 0
    assert metrics["dist.frame_idxs"] == [0]


@pytest.mark.parametrize("predicted", [[], [frame(animals())], [frame(animals(9))]])
def test_nothing_matched_gives_nan_and_no_error(predicted):
    metrics = sleap_metrics([frame(animals(0, 1))], predicted)
    assert len(metrics) == 38
    assert np.isnan(metrics["dist.avg"])
    assert np.isnan(metrics["pck.mPCK"])
    assert metrics["pck.mPCK_parts"].shape == (3,)
    assert metrics["dist.dists"].shape == (0, 3)
    assert metrics["vis.tp"] == 0
