"""The features file: poses with columns, carried by whatever reads poses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from drawn_animals_that_move import STICK, features_of, make_info, one_track, simulated_ants, stick_at

from antpipe.config.features import FeaturesConfig
from antpipe.errors import ConfigError
from antpipe.export.export import export_poses
from antpipe.features.measure import measure_file
from antpipe.geometry import Transform
from antpipe.poses import empty_poses, make_poses
from antpipe.poses_file import iter_poses, read_info, read_poses, write_poses, write_poses_to

FAST = FeaturesConfig(window=5, max_gap=2)


@pytest.fixture
def tracks(tmp_path):
    path = tmp_path / "tracks.parquet"
    write_poses(path, simulated_ants()[0])
    return path


def test_the_poses_are_those_before_with_columns_beside_the_nodes(tracks, tmp_path):
    measure_file(tracks, tmp_path / "f.parquet", FAST)
    before, after = read_poses(tracks), read_poses(tmp_path / "f.parquet")
    for name in ("frame_idx", "instance_idx", "points", "point_scores", "track", "predicted", "time_s"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    names = pq.read_schema(tmp_path / "f.parquet").names
    assert names[: len(pq.read_schema(tracks).names)] == pq.read_schema(tracks).names
    expected = features_of(before, window=5, max_gap=2)
    assert after.features.keys() == expected.keys() == set(names[len(pq.read_schema(tracks).names) :])
    for name, values in expected.items():
        np.testing.assert_array_equal(after.features[name], values)
    assert after.info.provenance["features"]["settings"]["window"] == 5


def test_each_column_says_its_unit_and_meaning(tracks, tmp_path):
    measure_file(tracks, tmp_path / "f.parquet", FeaturesConfig(pixels_per_mm={"ants": 12, "*": 1}))
    schema = pq.read_schema(tmp_path / "f.parquet")
    units = {name: schema.field(name).metadata[b"unit"].decode() for name in read_info(tmp_path / "f.parquet").features}
    assert units["angle.LHindLeg"] == "deg"
    assert units["body_length"] == units["neighbour_distance"] == "mm"
    assert (units["speed"], units["angular_velocity"]) == ("mm/s", "deg/s")
    meaning = schema.field("angle.LHindLeg").metadata[b"meaning"].decode()
    assert meaning == "angle at LHindLeg between Petiole and LHindFoot; 180 is straight"
    lengths = pd.read_parquet(tmp_path / "f.parquet")["body_length"]
    measure_file(tracks, tmp_path / "px.parquet", FeaturesConfig())
    np.testing.assert_allclose(lengths * 12, pd.read_parquet(tmp_path / "px.parquet")["body_length"], rtol=1e-6)


def test_row_groups_of_any_size_give_the_same_file_content(tracks, tmp_path, monkeypatch):
    measure_file(tracks, tmp_path / "one.parquet", FAST)
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 10)
    poses = read_poses(tracks)
    with write_poses_to(tmp_path / "small.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    assert pq.ParquetFile(tmp_path / "small.parquet").num_row_groups > 10
    measure_file(tmp_path / "small.parquet", tmp_path / "many.parquet", FAST)
    one, many = read_poses(tmp_path / "one.parquet"), read_poses(tmp_path / "many.parquet")
    for name, values in one.features.items():
        np.testing.assert_allclose(many.features[name], values, rtol=1e-6, atol=1e-5)


def test_measuring_again_replaces_what_was_measured(tracks, tmp_path):
    measure_file(tracks, tmp_path / "a.parquet", FAST)
    measure_file(tmp_path / "a.parquet", tmp_path / "b.parquet", FeaturesConfig(kinds=["speed"]))
    assert list(read_poses(tmp_path / "b.parquet").features) == ["speed"]


def test_the_exported_parquet_table_carries_features_in_whatever_pixels_the_points_are(tmp_path):
    info = make_info(to_raw=Transform(scale=(2.0, 2.0), offset=(0.5, 0.5)))
    write_poses(tmp_path / "t.parquet", replace(one_track(np.full((9, 2), 50.0)), info=info))
    measure_file(
        tmp_path / "t.parquet", tmp_path / "f.parquet", FeaturesConfig(kinds=["body_length"], body=STICK.nodes)
    )
    for coordinates in ("raw", "video"):
        out = tmp_path / f"{coordinates}.parquet"
        export_poses([tmp_path / "f.parquet"], out, format="parquet", coordinates=coordinates)
        found = read_poses(out)
        assert found.info.coordinates == coordinates
        np.testing.assert_allclose(found.features["body_length"], 20)
        assert pq.read_schema(out).field("body_length").metadata[b"unit"] == b"px"
    raw, video = read_poses(tmp_path / "raw.parquet"), read_poses(tmp_path / "video.parquet")
    np.testing.assert_allclose(raw.points, video.points * 2 + 0.5)


def test_the_csv_of_a_features_file_is_that_of_the_tracks(tracks, tmp_path):
    measure_file(tracks, tmp_path / "f.parquet", FAST)
    for path in (tracks, tmp_path / "f.parquet"):
        export_poses([path], path.with_suffix(".csv"), format="csv")
    assert (tmp_path / "f.csv").read_bytes() == tracks.with_suffix(".csv").read_bytes()


def test_a_video_without_animals_has_the_columns(tmp_path):
    write_poses(tmp_path / "t.parquet", empty_poses(simulated_ants()[0].info))
    measure_file(tmp_path / "t.parquet", tmp_path / "f.parquet", FAST)
    assert "angle.LHindLeg" in pq.read_schema(tmp_path / "f.parquet").names
    assert list(iter_poses(tmp_path / "f.parquet")) == []
    assert len(read_poses(tmp_path / "f.parquet")) == 0


def test_what_cannot_be_measured_is_said(tmp_path, capsys):
    poses = make_poses(make_info(), frame_idx=[0], points=stick_at([(5, 5)]))
    write_poses(tmp_path / "t.parquet", poses)
    measure_file(tmp_path / "t.parquet", tmp_path / "f.parquet", FeaturesConfig())
    said = capsys.readouterr().err
    assert "nothing to measure for angles: name its nodes in features" in said
    assert "speed" not in said


def test_nothing_is_written_where_a_node_is_unknown(tracks, tmp_path):
    with pytest.raises(ConfigError, match=r"features.angles.knee: unknown node 'LHindKnee'; did you mean 'LHindLeg'\?"):
        measure_file(
            tracks, tmp_path / "f.parquet", FeaturesConfig(angles={"knee": ("Petiole", "LHindKnee", "LHindFoot")})
        )
    assert not (tmp_path / "f.parquet").exists()
