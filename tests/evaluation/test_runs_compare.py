"""Runs below a folder, and which of them are better than others."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from drawn_runs import NODES, draw_centroid_run, draw_run, draw_sleap_run, frames, keys_of

from antpipe.errors import ModelError
from antpipe.evaluation.bootstrap import draw_blocks, frame_blocks, interval
from antpipe.evaluation.compare import NOTEBOOK_COLUMNS, best_runs, rank_groups, summary_rows
from antpipe.evaluation.curves import MATCH_THRESHOLDS, average_precision
from antpipe.evaluation.measures import find_measure, scalars
from antpipe.evaluation.npz import read_metrics
from antpipe.evaluation.runs import find_runs
from antpipe.evaluation.sleap_metrics import distance_summary, sleap_metrics


@pytest.fixture
def ants(shared_data):
    return shared_data / "ants_models"


@pytest.fixture(scope="session")
def found_ants(shared_data):
    return find_runs(shared_data / "ants_models")


def skipped(found):
    return {left.name: left.reason for left in found.skipped}


def run_named(found, end):
    (run,) = [run for run in found.runs if run.name.endswith(end)]
    return run


def test_every_run_of_the_lab_is_found_with_its_settings(found_ants):
    assert len(found_ants.runs) == 12
    assert found_ants.skipped == ()
    assert sum(len(run.parts) for run in found_ants.runs) == 36
    run = run_named(found_ants, "filter_32-stride_32.240425_031454.centered_instance")
    assert run.name.startswith("general/")
    assert (run.kind, run.model_type, len(run.settings.nodes)) == ("SLEAP", "centered_instance", 18)
    wanted = {"backbone.unet.max_stride": "32", "backbone.unet.filters": "32", "crop_size": "288", "frames.test": "21"}
    assert wanted.items() <= run.settings.values.items()
    assert run.settings.values["augmentation.rotation"] == "-15.0, 15.0"
    assert len(run.log["epoch"]) == 62
    assert int(np.nanargmin(run.log["val_loss"])) == 51


def test_the_summary_table_is_the_notebooks(found_ants, ants):
    rows = summary_rows(found_ants.runs)
    assert len(rows) == 36
    assert tuple(rows[0])[:18] == ("model", "metric_type", *NOTEBOOK_COLUMNS)
    for row in rows:
        part = {"Training": "train", "Validation": "val", "Test": "test"}[row["metric_type"]]
        stored = read_metrics(ants / row["model"] / f"metrics.{part}.npz")
        for key in (*NOTEBOOK_COLUMNS, "oks.mOKS", "pck.mPCK"):
            assert row[key] == stored[key], (row["model"], part, key)


@pytest.mark.parametrize(
    ("name", "part", "values"),
    [
        (
            "filter_32-stride_32.240425_031454.centered_instance",
            "Test",
            "2161 26 13 50 .9881 .9774 3.971 2.069 3.348 6.661 11.3 42.46 .7207 .7984 .4173 .5144",
        ),
        (
            "filter_16-stride_8.240425_031454.centroid",
            "Training",
            "7057 89 0 0 .9875 1 43.08 3.363e-05 5.615e-05 212.3 297.3 429.5 .7140 .7690 .7140 .7690",
        ),
        (
            "240514_103059.centered_instance.fold_2",
            "Validation",
            "339 1 5 15 .9971 .9576 3.96 2.203 3.66 6.697 10.2 47.12 .6848 .7550 .3865 .4750",
        ),
    ],
)
def test_rows_as_the_lab_printed_them(found_ants, name, part, values):
    (row,) = [r for r in summary_rows(found_ants.runs) if r["model"].endswith(name) and r["metric_type"] == part]
    np.testing.assert_allclose([row[key] for key in NOTEBOOK_COLUMNS], list(map(float, values.split())), rtol=6e-4)


def test_runs_of_both_kinds_are_found_at_any_depth(tmp_path):
    deep = tmp_path.joinpath(*"abcdefghij")
    for folder in (tmp_path / "run", deep / "run", tmp_path / ".hidden" / "run"):
        draw_run(folder)
    draw_sleap_run(tmp_path / "a" / "<b>sleap</b>")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    found = find_runs(tmp_path)
    assert [run.name for run in found.runs] == ["a/<b>sleap</b>", "a/b/c/d/e/f/g/h/i/j/run", "run"]
    assert [run.kind for run in found.runs] == ["SLEAP", "antpipe", "antpipe"]
    assert found.skipped == ()
    assert find_runs(tmp_path / "run").runs[0].name == "run"


def test_folders_deeper_than_python_can_call_are_searched(tmp_path):
    deep = [tmp_path]
    for _ in range(1200):
        deep.append(deep[-1] / "d")
        deep[-1].mkdir()
    try:
        draw_run(tmp_path / "run")
        draw_sleap_run(deep[-1] / "s", parts=["val"])
        assert [run.name.count("/") for run in find_runs(tmp_path).runs] == [1200, 0]
    finally:
        for file in (deep[-1] / "s").iterdir():
            file.unlink()
        (deep[-1] / "s").rmdir()
        for folder in reversed(deep[1:]):
            folder.rmdir()


def test_progress_is_told_run_by_run(tmp_path):
    for name in "ab":
        draw_centroid_run(tmp_path / name)
    told = []
    find_runs(tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_what_cannot_be_read_is_named_and_keeps_nothing_else_from_being_read(tmp_path):
    whole = draw_run(tmp_path / "whole")
    (draw_run(tmp_path / "training") / ".resume").mkdir()
    (draw_run(tmp_path / "unfinished") / "run.json").unlink()
    (draw_run(tmp_path / "no settings") / "model.json").unlink()
    (draw_run(tmp_path / "bad settings") / "model.json").write_text("{}")
    (draw_run(tmp_path / "bad record") / "run.json").write_text('{"frames": [1]}')
    (draw_run(tmp_path / "short") / "metrics.val.json").write_text('{"mode": "str')
    (draw_run(tmp_path / "list") / "metrics.val.json").write_text("[1]")
    (draw_run(tmp_path / "nested") / "metrics.val.json").write_text("[" * 100_000)
    (draw_run(tmp_path / "no log") / "training_log.csv").unlink()
    (draw_run(tmp_path / "bad log") / "training_log.csv").write_text("epoch,loss\n0,high\n")
    (tmp_path / "nn").mkdir()
    (tmp_path / "nn" / "training_config.yaml").write_text("")
    for file in draw_run(tmp_path / "unmeasured").glob("metrics.*"):
        file.unlink()
    draw_sleap_run(tmp_path / "sleap unmeasured", parts=[])
    (draw_sleap_run(tmp_path / "bad sleap") / "training_config.json").write_text('{"model": {"heads": {}}}')
    found = find_runs(tmp_path)
    assert [r.name for r in found.runs] == ["bad log", "list", "nested", "no log", "short", whole.name]
    assert set(run_named(found, "short").parts) == {"train", "test"}
    reasons = {
        "bad log/training_log.csv": "expected a training log in CSV",
        "bad record": "run.json: expected what antpipe train writes",
        "bad settings": "model.json: cannot be read as a model's settings",
        "list/metrics.val.json": "expected metrics as antpipe train writes them",
        "nested/metrics.val.json": "it is nested too deep",
        "nn": "a run of sleap-nn",
        "no log/training_log.csv": "training log not found",
        "no settings": "metrics without model.json",
        "short/metrics.val.json": "line 1: Unterminated string",
        "training": "the training is not finished",
        "unfinished": "not finished",
        "unmeasured": "no metrics; it is still being trained, or was not evaluated",
        "sleap unmeasured": "no metrics; it is still being trained, or was not evaluated",
        "bad sleap": "expected a SLEAP training configuration",
    }
    told = skipped(found)
    assert len(told) == len(reasons)
    for name, reason in reasons.items():
        assert reason in told[name]
        assert str(tmp_path) not in told[name]


class Command:
    def __reduce__(self):
        return os.system, ("touch ran",)


def test_crafted_and_damaged_metrics_of_sleap_are_refused_and_nothing_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = draw_sleap_run(tmp_path / "m" / "run")
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }".ljust(117) + b"\n"
    with zipfile.ZipFile(folder / "metrics.train.npz", "w") as archive:
        magic = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
        archive.writestr("metrics.npy", magic + header + pickle.dumps(Command()))
    (folder / "metrics.val.npz").write_bytes((folder / "metrics.val.npz").read_bytes()[:500])
    found = find_runs("m")
    assert set(found.runs[0].parts) == {"test"}
    assert "it names posix.system" in skipped(found)["run/metrics.train.npz"]
    assert "cannot be read safely" in skipped(found)["run/metrics.val.npz"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"dist.dists": 3.0},
        {"dist.dists": np.zeros(4)},
        {"dist.video_paths": 7},
        {"dist.frame_idxs": ["a"] * 48},
        {"pck.pcks": np.zeros((3, 3, 10), bool)},
        {"oks_voc.match_scores": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_metrics_of_sleap_with_other_content_are_refused(change, tmp_path):
    folder = draw_sleap_run(tmp_path / "run", parts=["val", "test"])
    metrics = {**sleap_metrics(*frames(keys_of("val"), error=1.0)), **change}
    with (folder / "metrics.val.npz").open("wb") as file:
        np.savez(file, metrics=np.array(metrics, object))
    found = find_runs(tmp_path)
    assert set(found.runs[0].parts) == {"test"}
    assert "run/metrics.val.npz" in skipped(found)


@pytest.mark.parametrize("what", ["missing", "empty", "only unfinished"])
def test_a_folder_without_any_run_is_refused(what, tmp_path):
    folder = tmp_path / "models"
    if what != "missing":
        folder.mkdir()
    if what == "only unfinished":
        (folder / "a" / ".resume").mkdir(parents=True)
    message = {
        "missing": "models: folder of models not found",
        "empty": "expected a run with metrics in it or below, found none$",
        "only unfinished": "found none; left out: a: the training is not finished",
    }
    with pytest.raises(ModelError, match=message[what]):
        find_runs(folder)


def test_names_that_are_no_text_are_made_text(tmp_path):
    try:
        draw_run(tmp_path / os.fsdecode(b"run\xff"))
    except OSError:
        pytest.skip("this file system has no such names")
    assert find_runs(tmp_path).runs[0].name == "run\ufffd"


def test_empty_parts_are_no_parts(tmp_path):
    draw_run(tmp_path / "a", empty=["test"])
    found = find_runs(tmp_path)
    assert set(found.runs[0].parts) == {"train", "val"}
    assert found.skipped == ()


def test_other_kinds_of_model_are_shown_under_sleaps_own_names(tmp_path):
    draw_sleap_run(tmp_path / "a", model_type="another_kind")
    run = find_runs(tmp_path).runs[0]
    assert (run.model_type, run.settings.nodes) == ("another_kind", NODES)
    assert run.settings.values["sleap.model.backbone.unet.filters"] == "32"
    assert run.settings.values["sleap.model.heads.other"] == "none"


def test_small_models_of_sleap_without_frames_or_figures(shared_data):
    found = find_runs(shared_data / "sleap_models")
    assert sorted(skipped(found)) == [
        "min_tracks_2node.UNet.bottomup_multiclass",
        "min_tracks_2node.UNet.topdown_multiclass",
        "minimal_robot.UNet.single_instance",
    ]
    part = run_named(found, "bottomup").parts["val"]
    assert part.frames == frozenset(), "this SLEAP did not store them"
    assert set(part.node_errors) == {"A", "B"}


def test_figures_at_radii_are_taken_apart_and_only_numbers_are_kept():
    metrics = {"detection.radii": [2.0, 5.0], "detection.f1": [0.1, None], "frames": 3, "mode": "x", "nodes": {}}
    assert scalars(metrics) == {"detection.f1@2px": 0.1, "frames": 3}
    body = {"detection.radii": [7.74, 19.35], "detection.f1": [0.1, 0.2], "body_length.median": 77.4}
    assert scalars(body) == {"detection.f1@0.1body": 0.1, "detection.f1@0.25body": 0.2, "body_length.median": 77.4}
    assert scalars({"a": True, "b": float("nan"), "c": "1", "d": np.int32(4), "e": 10**400, "f": None}) == {"d": 4}
    assert find_measure("detection.f1@0.1body").words == "F1 of centroids within 0.1 of the body length"
    assert find_measure("vis.tp") is None


def test_values_by_frame_add_up_to_the_figures_of_sleap(found_ants, ants):
    run = run_named(found_ants, "filter_32-stride_32.240425_031454.centered_instance")
    stored, part = read_metrics(run.folder / "metrics.test.npz"), run.parts["test"]
    assert len(part.frames) == 21
    pairs = {}
    for path, index in zip(stored["dist.video_paths"], stored["dist.frame_idxs"], strict=True):
        pairs[path.rsplit("/")[-1], index] = pairs.get((path.rsplit("/")[-1], index), 0) + 1
    assert set(pairs) == part.frames
    for name in ("oks.mOKS", "pck.mPCK"):
        total = sum(part.by_frame[name][key] * count for key, count in pairs.items())
        assert total / 125 == pytest.approx(stored[name], abs=1e-12)
    np.testing.assert_allclose(part.node_errors["Head"]["p50"], np.nanmedian(stored["dist.dists"][:, 0]))


def test_oks_by_frame_is_not_guessed_where_the_order_of_pairs_is_lost(found_ants):
    centroid = run_named(found_ants, "filter_32-stride_32.240425_031454.centroid").parts["test"]
    assert "oks.mOKS" not in centroid.by_frame
    assert "dist.avg" in centroid.by_frame
    assert centroid.intervals == {}


def test_intervals_of_sleap_are_those_of_its_pairs_drawn_again_and_again(found_ants):
    run = run_named(found_ants, "240514_103059.centered_instance.fold_1")
    stored, part = read_metrics(run.folder / "metrics.test.npz"), run.parts["test"]
    keys = [(p.rsplit("/")[-1], i) for p, i in zip(stored["dist.video_paths"], stored["dist.frame_idxs"], strict=True)]
    order = list(dict.fromkeys(keys))
    blocks, _ = frame_blocks([v for v, _ in order], [i for _, i in order])
    of_pair = np.array([blocks[order.index(key)] for key in keys])
    estimates = {"dist.avg": [], "oks.mOKS": [], "oks_voc.mAP": []}
    for draw in draw_blocks(blocks.max() + 1).astype(int):
        rows = np.repeat(np.arange(len(keys)), draw[of_pair])
        oks = stored["oks_voc.match_scores"][rows]
        estimates["dist.avg"].append(distance_summary(stored["dist.dists"][rows])["avg"])
        estimates["oks.mOKS"].append(oks.mean())
        estimates["oks_voc.mAP"].append(average_precision(oks >= MATCH_THRESHOLDS[:, None], len(rows))["mAP"])
    for name, values in estimates.items():
        expected = interval(np.array(values), int(blocks.max()) + 1)
        np.testing.assert_allclose(part.intervals[name], expected, atol=0.01 if name == "oks_voc.mAP" else 1e-9)


def groups_of(found, part="test"):
    return [[run.name for run in group.runs] for group in rank_groups(found.runs, part)]


def test_runs_rank_only_with_their_like(tmp_path):
    draw_run(tmp_path / "a")
    draw_run(tmp_path / "b", seed=5)
    draw_run(tmp_path / "other film", film="other.mp4")
    draw_run(tmp_path / "other nodes", nodes=("head", "tail"))
    draw_centroid_run(tmp_path / "centroid")
    draw_sleap_run(tmp_path / "sleap")
    draw_sleap_run(tmp_path / "sleap centroid", model_type="centroid")
    found = find_runs(tmp_path)
    assert groups_of(found) == [["a", "b"], ["centroid"], ["other film"], ["other nodes"], ["sleap"]]


def test_runs_of_the_lab_rank_within_their_study(found_ants):
    general, leaf_tip = groups_of(found_ants)
    assert (len(general), len(leaf_tip)) == (4, 2)
    assert groups_of(found_ants, "val")[1:] == [[name] for name in leaf_tip], "validation folds share no frame"


def best_of(folder, key):
    (group,) = rank_groups(find_runs(folder).runs, "test")
    return best_runs(group)[key]


@pytest.mark.parametrize("draw", [draw_run, draw_sleap_run])
@pytest.mark.parametrize("key", ["dist.avg", "dist.p90", "oks_voc.mAP"])
def test_a_clear_difference_is_told_from_chance(draw, key, tmp_path):
    draw(tmp_path / "bad", error=8.0)
    draw(tmp_path / "good", error=2.0)
    draw(tmp_path / "same", error=2.0, seed=7)
    best = best_of(tmp_path, key)
    alike = {"good": "same", "same": "good"}[best.run.name]
    assert (best.alike, best.worse, best.unknown) == ((alike,), ("bad",), ())
    assert best.interval[0] < best.value < best.interval[1]
    assert best.verdicts["bad"].frames == 24


def test_the_difference_is_the_mean_over_common_frames(tmp_path):
    for name, error in (("a", 2.0), ("b", 3.0)):
        draw_run(tmp_path / name, error=error)
    runs = {run.name: run.parts["test"].by_frame["dist.avg"] for run in find_runs(tmp_path).runs}
    verdict = best_of(tmp_path, "dist.avg").verdicts["b"]
    changes = [runs["a"][key] - runs["b"][key] for key in runs["a"]]
    assert verdict.difference == pytest.approx(np.mean(changes))
    assert verdict.low < verdict.difference < verdict.high < 0
    assert (verdict.better, verdict.judged_by) == (True, "dist.avg")


def test_equal_runs_are_alike_and_the_first_by_name_comes_first(tmp_path):
    for name in ("b", "a", "c"):
        draw_centroid_run(tmp_path / name)
    best = best_of(tmp_path, "detection.f1@5px")
    assert (best.run.name, best.alike, best.unknown) == ("a", ("b", "c"), ())


def test_runs_of_older_versions_have_no_interval_and_no_verdict(tmp_path):
    for name, error in (("a", 1.0), ("b", 9.0)):
        draw_run(tmp_path / name, error=error, without=["interval.", "per_frame", "bootstrap."])
    best = best_of(tmp_path, "dist.avg")
    assert (best.run.name, best.interval, best.alike, best.worse, best.unknown) == ("a", None, (), (), ("b",))


def test_a_few_frames_tell_nothing(tmp_path):
    for name, error in (("a", 1.0), ("b", 9.0)):
        folder = draw_run(tmp_path / name, error=error)
        metrics = json.loads((folder / "metrics.test.json").read_text())
        metrics["per_frame"] = {key: values[:4] for key, values in metrics["per_frame"].items()}
        (folder / "metrics.test.json").write_text(json.dumps(metrics))
    assert best_of(tmp_path, "dist.avg").unknown == ("b",)


def test_columns_of_unequal_length_are_refused(tmp_path):
    folder = draw_run(tmp_path / "a")
    metrics = json.loads((folder / "metrics.test.json").read_text())
    metrics["per_frame"]["dist.avg"].pop()
    (folder / "metrics.test.json").write_text(json.dumps(metrics))
    assert "a/metrics.test.json" in skipped(find_runs(tmp_path))


def test_rows_of_the_summary_have_the_same_columns_whatever_was_measured(tmp_path):
    draw_run(tmp_path / "a")
    draw_centroid_run(tmp_path / "b")
    draw_sleap_run(tmp_path / "c", model_type="centroid")
    rows = summary_rows(find_runs(tmp_path).runs)
    assert len({tuple(row) for row in rows}) == 1
    by_name = {row["model"]: row for row in rows if row["metric_type"] == "Test"}
    assert by_name["a"]["dist.avg.low"] < by_name["a"]["dist.avg"] < by_name["a"]["dist.avg.high"]
    assert by_name["b"]["dist.avg"] is None
    assert by_name["b"]["detection.f1@5px"] == 0.75
    assert "copies to the predicted centroids" in by_name["c"]["note"]
