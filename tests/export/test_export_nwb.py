"""nwb, read back by pynwb and checked against the NWB and ndx-pose schemas."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_poses import SKELETON, draw_odd_names, draw_poses, make_info
from ndx_pose import PoseEstimation
from pynwb import NWBHDF5IO, validate

from antpipe.export.export import export_poses
from antpipe.export.formats._nwb_file import container_names
from antpipe.poses import PosesInfo
from antpipe.poses_file import write_poses


@pytest.fixture
def opened(poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.nwb", format="nwb", coordinates="video")
    with NWBHDF5IO(tmp_path / "o.nwb", "r") as io:
        yield io.read()


def test_each_track_has_a_series_per_node_at_the_video_s_rate(opened, poses):
    module = opened.processing["behavior"]
    tracks = {name for name, item in module.data_interfaces.items() if isinstance(item, PoseEstimation)}
    assert tracks == {"ant 1", "žába", 'a"b,c', "untracked_0", "untracked_1"}
    ant = module["ant 1"]
    assert list(ant.skeleton.nodes[:]) == list(SKELETON.nodes)
    assert ant.skeleton.edges[:].tolist() == [[0, 1], [0, 2]]
    assert ant.source_video.external_file[:].tolist() == [poses.info.video.path]
    assert ant.source_video.dimension[:].tolist() == [640, 480]
    assert (ant.source_software, ant.source_video.rate) == ("antpipe", 24)
    for i, node in enumerate(SKELETON.nodes):
        series = ant[node]
        assert (series.rate, series.starting_time, series.data.shape) == (24, 0, (12, 2))
        expected, scores = np.full((12, 2), np.nan), np.full(12, np.nan)
        rows = poses.track == "ant 1"
        expected[poses.frame_idx[rows]], scores[poses.frame_idx[rows]] = (
            poses.points[rows, i],
            poses.point_scores[rows, i],
        )
        np.testing.assert_array_equal(series.data[:], expected.astype(np.float32))
        np.testing.assert_array_equal(series.confidence[:], scores.astype(np.float32))


def test_scores_of_instances_and_tracks_are_kept(opened, poses):
    data = opened.processing["behavior"]["scores"]["ant 1"].data[:]
    rows = poses[poses.track == "ant 1"]
    expected = np.stack([rows.instance_score, rows.tracking_score, rows.predicted], axis=1)
    np.testing.assert_array_equal(data[rows.frame_idx], expected)
    assert np.isnan(np.delete(data, rows.frame_idx, axis=0)).all()


def test_the_file_says_what_was_examined(opened, poses):
    assert PosesInfo.from_json(opened.notes) == poses.info
    assert opened.session_start_time.year == 1970
    assert "placeholder" in opened.session_description
    assert opened.processing["behavior"]["ant 1"]["head"].reference_frame.startswith("video pixels; (0, 0) is the cen")


@pytest.mark.parametrize("drawn", [lambda: draw_poses(make_info()), draw_odd_names])
def test_files_fit_the_schemas(drawn, tmp_path):
    write_poses(tmp_path / "p.parquet", drawn())
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.nwb", format="nwb")
    assert validate(path=tmp_path / "o.nwb") == []


def test_series_begin_with_the_first_frame_examined(tmp_path):
    info = make_info(frames=((2400, 2412),))
    poses = draw_poses(info)
    write_poses(tmp_path / "p.parquet", replace(poses, frame_idx=poses.frame_idx + 2400))
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.nwb", format="nwb", coordinates="video")
    with NWBHDF5IO(tmp_path / "o.nwb", "r") as io:
        series = io.read().processing["behavior"]["ant 1"]["head"]
        assert (series.starting_time, len(series.data)) == (100, 12)
        np.testing.assert_array_equal(np.flatnonzero(~np.isnan(series.data[:, 0])), [0, 1, 3])


def test_blocks_of_frames_lie_where_they_belong(tmp_path, monkeypatch):
    for module in ("frames", "formats.nwb", "formats._nwb_file", "formats.analysis_h5"):
        monkeypatch.setattr(f"antpipe.export.{module}.BLOCK", 3)
    poses = draw_poses(make_info(frames=((0, 2), (3, 11))))
    write_poses(tmp_path / "p.parquet", poses)
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.nwb", format="nwb", coordinates="video")
    with NWBHDF5IO(tmp_path / "o.nwb", "r") as io:
        data = io.read().processing["behavior"]["ant 1"]["head"].data
        assert (data.shape, data.chunks) == ((11, 2), (3, 2))
        np.testing.assert_array_equal(data[[0, 1, 3]], poses.points[[0, 3, 6], 0])


def test_what_the_format_cannot_hold_is_told(tmp_path, capsys):
    poses = draw_odd_names()
    write_poses(tmp_path / "p.parquet", replace(poses, time_s=poses.time_s + 0.5))
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.nwb", format="nwb")
    said = capsys.readouterr().err
    assert "1 instances have no track; they are in untracked_1\n" in said
    assert "'a/b' is called 'a_b', because NWB does not allow the name" in said
    assert "times of frames, which here follow from the frame rate, are off by up to 0.500 s" in said


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a/b", "a:b", "a_b"], ["a_b", "a_b_", "a_b__"]),
        (["."], ["_"]),
        (["Skeletons", "scores"], ["Skeletons_", "scores_"]),
        (["ant 1", "žába", "a.b"], ["ant 1", "žába", "a.b"]),
    ],
)
def test_names_are_those_that_nwb_allows(names, expected):
    assert container_names(names) == expected
