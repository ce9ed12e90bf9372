"""The rules of features and measurements on a small simulated project whose tracks are the truth."""

import json

import numpy as np
import pandas as pd
import pytest
from test_workflow import CONFIG, snakemake

from antpipe.geometry import Transform
from antpipe.poses import PosesInfo, VideoMeta, make_poses
from antpipe.poses_file import read_poses, write_poses
from antpipe.synthetic.scene import knee_angles

VIDEOS = ("ants_001", "ants_002")
OWN = {
    **CONFIG,
    "simulate": {"videos": 2, "ants": 2, "frames": 60, "width": 160, "height": 128, "body_length": 30.0},
    "preprocess": {"crop": [150, 120, 10, 8], "scale": 0.5, "start": 0.5},
    "features": {"pixels_per_mm": {"ants_001": 10.0}},
    "measurements": {
        "files": {"ants_001": "force.csv"},
        "columns": {"Force": "mN"},
        "time": "t",
        "time_unit": "ms",
        "sync": {"ants_001": [[1000, 0.25]]},
        "compare": {"max_lag_s": 0.5, "min_samples": 10},
    },
}
RULES = ("features", "measurements", "draw_measurements", "export")
TARGETS = [
    *(f"results/features/{video}.parquet" for video in VIDEOS),
    *(f"results/export/{video}.{suffix}" for video in VIDEOS for suffix in ("parquet", "csv")),
    "results/measurements/ants_001.png",
]
FPS, LAG = 24.0, 2


def run(folder, *arguments, config=OWN):
    arguments = ["--cores", "1", "--allowed-rules", *RULES, *arguments, "--", *TARGETS]
    return snakemake(folder, *arguments, config=config)


def as_tracks(folder, video):
    """Write the true poses as tracks of the preprocessed video."""
    truth = read_poses(folder / f"results/simulated/truth/{video}.parquet")
    record = json.loads((folder / f"results/videos/{video}.json").read_text())
    to_raw, first = Transform.from_dict(record["to_raw"]), record["first_raw_frame"]
    made = {name: record["output"][name] for name in ("width", "height", "fps", "frame_count", "fingerprint")}
    meta = VideoMeta(path=f"results/videos/{video}.mp4", **made)
    info = PosesInfo(skeleton=truth.info.skeleton, video=meta, frames=((0, made["frame_count"]),), to_raw=to_raw)
    kept = truth[truth.frame_idx >= first]
    points = to_raw.inverse()(kept.points.astype(np.float64))
    tracks = make_poses(info, frame_idx=kept.frame_idx - first, points=points, track=kept.track)
    write_poses(folder / f"results/tracks/{video}.parquet", tracks)
    return truth


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pulling ants")
    (folder / "force.csv").write_text("t,Force\n0,0\n")
    films = [f"results/videos/{video}.mp4" for video in VIDEOS]
    code, output = snakemake(folder, "--cores", "1", *films, config=OWN)
    assert code == 0, output[-3000:]
    truth, _ = (as_tracks(folder, video) for video in VIDEOS)
    mine = truth.track == "ant_01"
    angle, seen = np.degrees(knee_angles(truth.points[mine].astype(np.float64))[:, 4]), truth.time_s[mine]
    there = ~np.isnan(angle)
    times = np.arange(0, 2.5, 0.005)
    force = 3 + 0.1 * np.interp(times + LAG / FPS, seen[there], angle[there])
    rows = [f"{1000 + (t - 0.25) * 1000:.3f},{f:.5f}\n" for t, f in zip(times, force, strict=True)]
    (folder / "force.csv").write_text("t,Force\n" + "".join(rows))
    code, output = run(folder)
    assert code == 0, output[-3000:]
    return folder


@pytest.mark.slow
def test_features_of_a_cut_and_scaled_video_are_those_of_the_raw_one(project):
    truth = read_poses(project / "results/simulated/truth/ants_001.parquet")
    found = read_poses(project / "results/features/ants_001.parquet")
    in_px = read_poses(project / "results/features/ants_002.parquet")
    first = len(truth) - len(found)
    knees = np.degrees(knee_angles(truth.points[first:].astype(np.float64)))[:, 4]
    seen = ~np.isnan(knees)
    np.testing.assert_allclose(found.features["angle.LHindLeg"][seen], knees[seen], atol=0.05)
    body = np.linalg.norm(np.diff(truth.points[first:, :6], axis=1), axis=-1).sum(axis=1)
    np.testing.assert_allclose(found.features["body_length"] * 10, body, rtol=1e-3)
    assert found.info.features["speed"]["unit"] == "mm/s"
    assert in_px.info.features["speed"]["unit"] == "px/s"


@pytest.mark.slow
def test_the_exported_table_has_the_features_and_the_csv_has_not(project):
    table = read_poses(project / "results/export/ants_001.parquet")
    features = read_poses(project / "results/features/ants_001.parquet")
    np.testing.assert_array_equal(table.features["angle.LHindLeg"], features.features["angle.LHindLeg"])
    assert "angle" not in (project / "results/export/ants_001.csv").read_text().splitlines()[0]


@pytest.mark.slow
def test_the_force_is_joined_at_its_time_and_its_lag_found(project):
    table = pd.read_parquet(project / "results/measurements/ants_001.parquet")
    assert (table.raw_frame_idx == table.frame_idx + 12).all()
    found = pd.read_csv(project / "results/measurements/ants_001.tsv", sep="\t")
    row = found[(found.track == "ant_01") & (found.feature == "angle.LHindLeg")].iloc[0]
    assert row.lag_s == pytest.approx(LAG / FPS, abs=1e-4)
    assert row.correlation > 0.95


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "change", "jobs"),
    [
        ("measurements", {"compare": {"max_lag_s": 0.2}}, {"draw_measurements"}),
        ("measurements", {"sync": {"ants_002": [[0, 1]], **OWN["measurements"]["sync"]}}, set()),
        ("features", {"pixels_per_mm": {"ants_001": 10.0, "ants_002": 9.0}}, {"features", "export"}),
        ("features", {"window": 9}, {"features", "measurements", "draw_measurements", "export"}),
    ],
)
def test_only_what_changed_runs_again(section, change, jobs, project):
    code, output = run(project, "-n", config={**OWN, section: {**OWN[section], **change}})
    assert code == 0, output[-3000:]
    stats = [line.split() for line in output.splitlines()]
    ran = {words[0] for words in stats if len(words) == 2 and words[0] in RULES and words[1].isdigit()}
    assert ran == jobs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"features": {"angles": {"knee": ["Petiole", "Knee", "LHindFoot"]}}},
            "features.angles.knee: unknown node ",
        ),
        ({"features": {"pixels_per_mm": {"Col2": 4}}}, "features.pixels_per_mm: 'Col2' fits none of the videos"),
        ({"measurements": {"files": "no.csv", "columns": {"F": "N"}, "time": "t"}}, "'no.csv' is not there, for video"),
    ],
)
def test_what_cannot_be_measured_stops_before_anything_runs(change, message, tmp_path):
    code, output = snakemake(tmp_path, "-n", "--cores", "1", config={**CONFIG, **change})
    assert code != 0
    assert message in output
    assert "Traceback" not in output
    assert not (tmp_path / "results").exists()
