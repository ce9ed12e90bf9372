"""Measurements beside features: on simulated ants whose force is a known function of an angle, and elsewhere."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from drawn_animals_that_move import make_info, one_track, simulated_ants, stick_at

from antpipe.config.features import FeaturesConfig
from antpipe.config.measurements import CompareConfig, MeasurementsConfig
from antpipe.errors import ConfigError, MeasurementError, PosesError
from antpipe.export.export import export_poses
from antpipe.features.join import join_file
from antpipe.features.joined_table import METADATA_KEY
from antpipe.features.measure import measure_file
from antpipe.geometry import Transform
from antpipe.poses import empty_poses, make_poses
from antpipe.poses_file import read_info, write_poses
from antpipe.report.measurements import draw_measurements

FRAMES = 240
FPS = 24.0
PULLING, LEG = "ant_02", 4
"""The ant that pulls, and the place of its left hind leg in the simulation's order."""
LAG = 5
"""Frames by which the leg gives way after the force."""
FORCE = MeasurementsConfig(files="force.csv", columns={"Force": "mN"}, time="t")


def force_at(seconds):
    """Return the force at times of the raw video: a function of the true knee angle a moment later."""
    _, truth = simulated_ants(frames=FRAMES)
    angle = np.degrees(truth.knee_angle[:, truth.names.index(PULLING), LEG])
    return 12.0 - 0.05 * np.interp(seconds + LAG / FPS, np.arange(FRAMES) / FPS, angle)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Return a folder with the features of simulated ants as a cut video: it begins with frame 48 of the raw one."""
    folder = tmp_path_factory.mktemp("film")
    poses, _ = simulated_ants(frames=FRAMES)
    kept = poses[poses.frame_idx >= 48]
    video = replace(kept.info.video, path=(folder / "ants.mp4").as_posix(), frame_count=FRAMES - 48, fingerprint="f")
    info = replace(kept.info, video=video, frames=((0, FRAMES - 48),), to_raw=Transform(offset=(30.0, 0.0)))
    write_poses(
        folder / "tracks.parquet",
        make_poses(info, frame_idx=kept.frame_idx - 48, points=kept.points, track=kept.track),
    )
    measure_file(folder / "tracks.parquet", folder / "features.parquet", FeaturesConfig())
    record = {
        "to_raw": info.to_raw.to_dict(),
        "source": {
            "path": "raw/ants.mov",
            "width": 320,
            "height": 240,
            "fps": FPS,
            "frame_count": FRAMES,
            "variable_frame_rate": False,
            "fingerprint": "r",
        },
        "output": {"fingerprint": "f"},
        "first_raw_frame": 48,
        "first_raw_time_s": 2.0,
        "keeps_frame_numbers": True,
    }
    (folder / "ants.json").write_text(json.dumps(record))
    return folder


def write_csv(path, times, force):
    lines = [f"{time:.6f},{value:.6f}" for time, value in zip(times, force, strict=True)]
    path.write_text("\n".join(["t,Force", *lines]))
    return path


def correlations(joined, tmp_path, **compare):
    draw_measurements(joined, tmp_path / "c.png", tmp_path / "c.tsv", CompareConfig(**compare))
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    return pd.read_csv(tmp_path / "c.tsv", sep="\t")


@pytest.mark.parametrize("method", ["mean", "interpolate"])
def test_the_lag_and_the_correlation_of_a_force_that_is_a_function_of_an_angle_come_out_right(method, film, tmp_path):
    # A sensor of 500 Hz that was started 3 s after the video, and whose clock is 0.1 % fast.
    sensor = np.arange(0, 8, 1 / 500)
    force = write_csv(tmp_path / "force.csv", sensor, force_at(3.0 + sensor / 1.001))
    config = FORCE.model_copy(update={"sync": {"*": ((0.0, 3.0), (7.007, 10.0))}, "method": method})
    join_file(film / "features.parquet", force, tmp_path / "joined.parquet", config)
    found = correlations(tmp_path / "joined.parquet", tmp_path)
    row = found[(found.track == PULLING) & (found.feature == "angle.LHindLeg")].iloc[0]
    assert row.lag_s == pytest.approx(LAG / FPS, abs=1e-5)
    assert row.correlation < -0.99
    assert abs(row.correlation_at_0) < 0.9
    assert 100 < row.samples < FRAMES - 48 - 24
    others = found[found.track != PULLING]
    assert len(others) == 6
    assert (others.correlation.abs() < 0.9).all()


def test_every_frame_has_the_force_at_its_time_in_the_raw_video(film, tmp_path):
    times = np.arange(0, 12, 0.001)
    force = write_csv(tmp_path / "force.csv", times, force_at(times))
    config = FORCE.model_copy(update={"tracks": {"ants": (PULLING,)}})
    join_file(film / "features.parquet", force, tmp_path / "joined.parquet", config)
    table = pd.read_parquet(tmp_path / "joined.parquet")
    assert table.frame_idx.tolist() == list(range(FRAMES - 48))
    assert (table.raw_frame_idx == table.frame_idx + 48).all()
    np.testing.assert_allclose(table.time_s, table.frame_idx / FPS)
    np.testing.assert_allclose(table.raw_time_s, table.raw_frame_idx / FPS)
    near = np.stack([force_at(table.raw_time_s + shift) for shift in np.arange(-0.0205, 0.021, 0.001)]).mean(axis=0)
    np.testing.assert_allclose(table.Force, near, atol=0.02)
    assert set(table.track.dropna()) == {PULLING}
    gone = table.track.isna()
    assert table.loc[gone, "angle.LHindLeg"].isna().all()


def test_the_joined_table_says_what_it_is(film, tmp_path):
    force = write_csv(tmp_path / "force.csv", [0.0, 100.0], [1.0, 2.0])
    config = FORCE.model_copy(update={"method": "interpolate", "max_gap_s": 200.0, "sync": {"*": ((0.0, 1.0),)}})
    join_file(film / "features.parquet", force, tmp_path / "joined.parquet", config)
    schema = pq.read_schema(tmp_path / "joined.parquet")
    assert schema.field("Force").metadata[b"unit"] == b"mN"
    assert schema.field("angle.LHindLeg").metadata[b"unit"] == b"deg"
    about = json.loads(schema.metadata[METADATA_KEY])
    assert about["clock"] == {"offset_s": 1.0, "rate": 1.0, "miss_s": 0.0}
    assert about["provenance"]["measurements"]["settings"]["max_gap_s"] == 200
    table = pd.read_parquet(tmp_path / "joined.parquet")
    np.testing.assert_allclose(table.Force, 1 + (table.raw_time_s - 1) / 100)
    assert table.groupby("frame_idx").size().max() == 4


def raw_film(folder, poses, name="walk.mp4"):
    """Write poses of a raw video that is there, with a feature; return the file."""
    (folder / name).touch()
    info = replace(poses.info, video=replace(poses.info.video, path=(folder / name).as_posix()))
    write_poses(folder / "t.parquet", replace(poses, info=info))
    measure_file(folder / "t.parquet", folder / "f.parquet", FeaturesConfig(kinds=["heading"], axis=("tail", "head")))
    return folder / "f.parquet"


def test_frames_without_the_animal_keep_their_measurement(tmp_path):
    # Frames 0 to 9 and 20 to 24 were examined; the animal is in frames 3, 4, 5 and 21.
    info = make_info(frames=30)
    info = replace(info, frames=((0, 10), (20, 25)))
    poses = make_poses(
        info, frame_idx=[3, 4, 5, 5, 21], points=stick_at(np.ones((5, 2))), track=["a", "a", "a", None, "a"]
    )
    force = write_csv(tmp_path / "f.csv", np.arange(30) / 20, np.arange(30))
    join_file(raw_film(tmp_path, poses), force, tmp_path / "j.parquet", FORCE)
    table = pd.read_parquet(tmp_path / "j.parquet")
    assert table.frame_idx.tolist() == [*range(10), *range(20, 25)]
    np.testing.assert_allclose(table.Force, table.frame_idx)
    assert table.loc[table.track.notna(), "frame_idx"].tolist() == [3, 4, 5, 21]
    assert table.loc[table.heading.notna(), "frame_idx"].tolist() == [3, 4, 5, 21]


def test_frames_of_a_file_that_counts_them_are_those_of_the_raw_video(film, tmp_path):
    force = write_csv(tmp_path / "f.csv", np.arange(FRAMES), np.arange(FRAMES) * 10.0)
    config = FORCE.model_copy(update={"time_unit": "frame"})
    join_file(film / "features.parquet", force, tmp_path / "j.parquet", config)
    table = pd.read_parquet(tmp_path / "j.parquet")
    np.testing.assert_allclose(table.Force, table.raw_frame_idx * 10)


def test_gaps_in_the_measurements_stay_gaps(tmp_path):
    times = np.array([t for t in np.arange(100) / 20 if not 1.0 <= t < 2.0])
    force = write_csv(tmp_path / "f.csv", times, times)
    table = raw_film(tmp_path, one_track(np.ones((100, 2))))
    for method in ("mean", "interpolate"):
        join_file(table, force, tmp_path / "j.parquet", FORCE.model_copy(update={"method": method}))
        joined = pd.read_parquet(tmp_path / "j.parquet")
        assert joined.loc[joined.Force.isna(), "frame_idx"].tolist() == list(range(20, 40))


@pytest.mark.parametrize(
    "poses", [one_track(np.ones((40, 2))), empty_poses(make_info(frames=40))], ids=["still", "empty"]
)
def test_where_nothing_can_be_compared_the_figure_says_so(poses, tmp_path):
    force = write_csv(tmp_path / "f.csv", np.arange(40) / 20, np.arange(40))
    join_file(raw_film(tmp_path, poses), force, tmp_path / "j.parquet", FORCE)
    assert len(pd.read_parquet(tmp_path / "j.parquet")) == read_info(tmp_path / "f.parquet").frame_total
    found = correlations(tmp_path / "j.parquet", tmp_path)
    assert found.correlation.isna().all()
    assert len(found) == len(set(poses.track))


def test_a_table_exported_in_raw_frames_needs_no_record(film, tmp_path):
    export_poses([film / "features.parquet"], tmp_path / "raw.parquet", format="parquet", coordinates="raw")
    times = np.arange(0, 12, 0.001)
    force = write_csv(tmp_path / "force.csv", times, force_at(times))
    for name, table in (("a", film / "features.parquet"), ("b", tmp_path / "raw.parquet")):
        join_file(table, force, tmp_path / f"{name}.parquet", FORCE)
    one, other = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in "ab")
    assert other.frame_idx.tolist() == one.raw_frame_idx.tolist()
    np.testing.assert_allclose(other.Force, one.Force, atol=1e-6)
    np.testing.assert_allclose(other.raw_time_s, one.raw_time_s)


WRONG = [
    ({"tracks": {"*": ("ant_02", "queen")}}, ConfigError, "has no track 'queen'; the report shows its tracks"),
    (
        {"sync": {"*": ((0.0, 1000.0),)}},
        MeasurementError,
        r"force.csv: no frame has a value of 'Force'; by measurements.sync the samples lie from 1000.000 to 1011\.000",
    ),
    ({"columns": {"heading": "deg"}}, ConfigError, "measurements.columns: the table has a column 'heading' already"),
    ({"columns": {"track": "m"}}, ConfigError, "measurements.columns: the table has a column 'track' already"),
]


@pytest.mark.parametrize(("change", "error", "message"), WRONG)
def test_what_does_not_fit_is_refused_and_nothing_is_written(change, error, message, film, tmp_path):
    names = "t,Force,heading,track\n"
    (tmp_path / "force.csv").write_text(names + "".join(f"{t},1,2,3\n" for t in range(12)))
    with pytest.raises(error, match=message):
        join_file(
            film / "features.parquet", tmp_path / "force.csv", tmp_path / "j.parquet", FORCE.model_copy(update=change)
        )
    assert not (tmp_path / "j.parquet").exists()


def test_a_feature_to_compare_that_is_not_there_is_refused(tmp_path):
    force = write_csv(tmp_path / "f.csv", np.arange(40) / 20, np.arange(40))
    join_file(raw_film(tmp_path, one_track(np.ones((40, 2)))), force, tmp_path / "j.parquet", FORCE)
    outputs = tmp_path / "o.png", tmp_path / "o.tsv"
    with pytest.raises(ConfigError, match=r"compare.features: .* has no feature 'speed'; choose among \['heading'\]"):
        draw_measurements(tmp_path / "j.parquet", *outputs, CompareConfig(features=["speed"]))
    with pytest.raises(MeasurementError, match="expected a table that antpipe join wrote"):
        draw_measurements(tmp_path / "f.parquet", *outputs, CompareConfig())


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "the record of preprocess beside it is needed, and was not found"),
        ({"output": {"fingerprint": "another"}}, "the video was made anew since the poses were found"),
        ({"source": {"fps": FPS, "variable_frame_rate": True}}, "the raw video has no constant frame rate"),
    ],
)
def test_where_the_video_begins_must_be_known(record, message, film, tmp_path):
    (tmp_path / "ants.mp4").touch()
    if record is not None:
        whole = json.loads((film / "ants.json").read_text())
        (tmp_path / "ants.json").write_text(json.dumps({**whole, **record}))
    force = write_csv(tmp_path / "f.csv", [0, 100], [1, 2])
    with pytest.raises((PosesError, MeasurementError), match=message):
        join_file(
            film / "features.parquet",
            force,
            tmp_path / "j.parquet",
            FORCE.model_copy(update={"time_unit": "frame"}),
            video=tmp_path / "ants.mp4",
        )


def test_a_video_that_is_not_there_is_asked_for(tmp_path):
    table = raw_film(tmp_path, one_track(np.ones((40, 2))))
    (tmp_path / "walk.mp4").unlink()
    with pytest.raises(PosesError, match="to know where the video begins in the raw video, it is needed"):
        join_file(table, write_csv(tmp_path / "f.csv", [0], [1]), tmp_path / "j.parquet", FORCE)
