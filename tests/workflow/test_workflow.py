"""The real Snakefile on a small simulated project, as a user runs it."""

import json
import shutil

import pandas as pd
import pytest
import sleap_io as sio
from small_project import CONFIG, planned, snakemake

from antpipe.poses_file import read_poses


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do(project):
    code, output = snakemake(project, "-n", "--cores", "1")
    assert code == 0
    assert "Nothing to be done" in output


@pytest.mark.slow
def test_every_stage_has_its_results(project):
    results = project / "results"
    poses = read_poses(results / "tracks" / "ants_001.parquet")
    assert poses.info.frame_total == 16
    assert poses.info.provenance.keys() == {"prediction", "tracking", "stitching"}
    assert sio.load_slp(str(results / "export" / "ants_001.slp"), open_videos=False) is not None
    table = pd.read_csv(results / "export" / "ants_001.csv")
    assert len(table) == len(poses) * 18
    for name in ("summary.html", "ants_001.mp4", "ants_001.png", "ants_001.tracks.png", "accuracy.json"):
        assert (results / "report" / name).stat().st_size > 0
    for model_type in ("centroid", "centered_instance"):
        folder = results / "models" / "base" / model_type
        assert {p.name for p in folder.iterdir()} == {
            "model.json",
            "best.weights.h5",
            "run.json",
            "training_log.csv",
            "metrics.train.json",
            "metrics.val.json",
            "metrics.test.json",
            "examples.npz",
            "examples.png",
            "receptive_field.png",
            "learning_curves.png",
        }
    accuracy = json.loads((results / "report" / "accuracy.json").read_text())
    assert accuracy["poses"]["instances.truth"] > 0
    assert set(accuracy["tracks"]) == {"ants_001", "ants_002"}


@pytest.mark.slow
def test_each_log_is_there_and_no_half_file_is_left(project):
    hidden = {p.name for p in (project / "results").rglob(".*") if p.is_file()}
    assert hidden <= {".snakemake_timestamp"}
    assert (project / "results" / "logs" / "predict" / "ants_001.log").read_text().startswith("running on ")


@pytest.mark.slow
def test_a_change_of_tracking_does_not_train_again(project):
    # Not by its config.yaml, which other tests read at the same time.
    code, output = snakemake(project, "-n", "--cores", "1", "--config", "track={window: 3}")
    assert code == 0
    ran = planned(output)
    assert {"track", "export", "draw", "summary", "accuracy"} <= ran
    assert not {"train", "predict", "preprocess", "simulate", "merge", "split"} & ran


@pytest.mark.slow
def test_a_broken_video_does_not_stop_the_others(project, tmp_path):
    shutil.copytree(project / "results" / "simulated", tmp_path / "data")
    (tmp_path / "data" / "broken.mp4").write_bytes(b"not a video")
    own = {**CONFIG, "videos": "data/*.mp4", "labels": "data/labels.slp"}
    targets = [f"results/videos/{name}.mp4" for name in ("ants_001", "ants_002", "broken")]
    code, output = snakemake(tmp_path, "--cores", "1", *targets, config=own)
    assert code != 0
    assert (tmp_path / "results" / "videos" / "ants_001.mp4").exists()
    assert (tmp_path / "results" / "videos" / "ants_002.mp4").exists()
    last = (tmp_path / "results" / "logs" / "preprocess" / "broken.log").read_text().strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "broken.mp4" in last
    assert last in output, "the cause is shown, not only the name of a log"


def test_bad_labels_stop_before_anything_runs(tmp_path, shared_data):
    (tmp_path / "film.mp4").touch()
    slp = shared_data / "formats" / "slp" / "minimal_instance.slp"
    own = {**CONFIG, "videos": "film.mp4", "labels": str(slp)}
    code, output = snakemake(tmp_path, "-n", "--cores", "1", config=own)
    assert code != 0
    assert "labels of the video 'centered_pair_low_quality.mp4', which is not among the project's videos" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predict": {"batch_sze": 2}}, "predict.batch_sze: unknown key; did you mean 'batch_size'?"),
        ({"videos": "nowhere/*.mp4", "labels": "x.slp"}, "videos: no file matches 'nowhere/*.mp4'"),
        ({"videos": ["a/film.mp4", "b/film.avi"], "labels": "x.slp"}, "have the same name 'film'"),
        ({"videos": "a/film.mp4", "labels": "nowhere.slp"}, "labels: no file matches 'nowhere.slp'"),
        ({"videos": "a/film.mp4"}, "labels: 'simulated' belongs to simulated videos"),
        ({"models": {"centroid": {"head": {"output_stride": 3}}}}, "output_stride must be a power of two, got 3"),
    ],
)
def test_a_bad_configuration_stops_before_anything_runs(tmp_path, change, message):
    for name in ("a/film.mp4", "b/film.avi"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    code, output = snakemake(tmp_path, "-n", "--cores", "1", config={**CONFIG, **change})
    assert code != 0
    assert message in output
    assert "Traceback" not in output
    assert not (tmp_path / "results").exists()
