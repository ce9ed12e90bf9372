"""slp and analysis_h5, read back by sleap-io."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
import sleap_io as sio
from drawn_poses import SKELETON, draw_poses, make_info

from antpipe.errors import PosesError
from antpipe.export.export import export_poses
from antpipe.export.formats.analysis_h5 import _CHUNK
from antpipe.poses import Skeleton, empty_poses, make_poses
from antpipe.poses_file import write_poses, write_poses_to


def assert_same_instances(labels: sio.Labels, video: sio.Video, poses) -> None:
    frames = [frame for frame in labels if frame.video is video]
    assert [frame.frame_idx for frame in frames] == list(range(12)), "frames without animals are there"
    assert [frame.frame_idx for frame in frames if len(frame)] == [frame for frame, _ in poses.by_frame()]
    instances = [instance for frame in frames for instance in frame.instances]
    np.testing.assert_array_equal([i.numpy() for i in instances], poses.points)
    assert [i.track.name if i.track else None for i in instances] == poses.track.tolist()
    assert [type(i) is sio.PredictedInstance for i in instances] == poses.predicted.tolist()
    np.testing.assert_array_equal([i.tracking_score for i in instances], poses.tracking_score)
    predicted = [i for i in instances if type(i) is sio.PredictedInstance]
    np.testing.assert_array_equal([i.score for i in predicted], poses.instance_score[poses.predicted])
    scores = np.array([i.points["score"] for i in predicted], np.float32)
    np.testing.assert_array_equal(scores, np.nan_to_num(poses.point_scores[poses.predicted]))


@pytest.mark.parametrize("lazy", [False, True])
def test_slp_gives_the_same_instances(lazy, poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.slp", format="slp", coordinates="video")
    labels = sio.load_slp(str(tmp_path / "o.slp"), open_videos=False, lazy=lazy)
    assert_same_instances(labels, labels.videos[0], poses)


def test_slp_keeps_skeleton_video_and_provenance(poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.slp", format="slp")
    labels = sio.load_slp(str(tmp_path / "o.slp"))
    assert labels.skeleton.node_names == list(SKELETON.nodes)
    assert [tuple(n.name for n in e) for e in labels.skeleton.edges] == list(SKELETON.edges)
    assert [{n.name for n in s.nodes} for s in labels.skeleton.symmetries] == [set(s) for s in SKELETON.symmetries]
    assert labels.videos[0].filename == poses.info.video.path
    assert labels.videos[0].shape[:3] == [20, 480, 640]
    assert labels.videos[0].backend_metadata["fps"] == 24
    assert labels.provenance["antpipe"] == [poses.info.provenance]


def test_slp_stays_in_pixels_of_the_video_it_names(poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.slp", format="slp", coordinates="raw")
    labels = sio.load_slp(str(tmp_path / "o.slp"), open_videos=False)
    assert_same_instances(labels, labels.videos[0], poses)


def test_slp_holds_several_videos_whose_tracks_are_their_own(poses, poses_path, empty_path, tmp_path):
    other = draw_poses(make_info("zoo.mp4"), seed=5)
    write_poses(tmp_path / "zoo.parquet", other)
    export_poses([tmp_path / "zoo.parquet", empty_path, poses_path], tmp_path / "o.slp", format="slp")
    labels = sio.load_slp(str(tmp_path / "o.slp"), open_videos=False)
    assert [v.filename for v in labels.videos] == [poses.info.video.path, "videos/empty.mp4", "zoo.mp4"]
    assert len(labels.tracks) == 6
    assert_same_instances(labels, labels.videos[0], poses)
    assert_same_instances(labels, labels.videos[2], other)
    assert not {id(i.track) for f in labels.find(labels.videos[0]) for i in f if i.track} & {
        id(i.track) for f in labels.find(labels.videos[2]) for i in f if i.track
    }


def test_slp_refuses_different_skeletons(poses_path, tmp_path):
    info = make_info("other.mp4")
    other = make_poses(
        type(info)(skeleton=type(SKELETON)(nodes=("head",)), video=info.video, frames=info.frames),
        frame_idx=[0],
        points=[[[1, 1]]],
    )
    write_poses(tmp_path / "other.parquet", other)
    with pytest.raises(PosesError, match=r"expected the same skeleton as in .*separate files"):
        export_poses([poses_path, tmp_path / "other.parquet"], tmp_path / "o.slp", format="slp")


def test_slp_is_the_same_however_the_rows_are_grouped(poses, tmp_path, monkeypatch):
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 2)
    with write_poses_to(tmp_path / "p.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.slp", format="slp")
    labels = sio.load_slp(str(tmp_path / "o.slp"), open_videos=False)
    assert_same_instances(labels, labels.videos[0], poses)


def test_slp_without_animals_opens(empty_path, tmp_path):
    export_poses([empty_path], tmp_path / "o.slp", format="slp")
    labels = sio.load_slp(str(tmp_path / "o.slp"), open_videos=False)
    assert (len(labels), len(labels.tracks), labels.videos[0].filename) == (12, 0, "videos/empty.mp4")
    assert not any(len(frame) for frame in labels)


def test_slp_can_be_saved_again_by_sleap_io(poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.slp", format="slp")
    sio.load_slp(str(tmp_path / "o.slp"), open_videos=False).save(str(tmp_path / "again.slp"), verbose=False)
    labels = sio.load_slp(str(tmp_path / "again.slp"), open_videos=False)
    assert_same_instances(labels, labels.videos[0], poses)


def test_analysis_h5_has_sleaps_layout(poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.h5", format="analysis_h5", coordinates="video")
    with h5py.File(tmp_path / "o.h5") as file:
        names = [name.decode() for name in file["track_names"]]
        assert names == ["ant 1", "žába", 'a"b,c', "untracked_0", "untracked_1"]
        assert file["tracks"].shape == (5, 2, 4, 12)
        assert file["track_occupancy"].shape == (12, 5)
        assert file["point_scores"].shape == (5, 4, 12)
        assert file["instance_scores"].shape == file["tracking_scores"].shape == (5, 12)
        np.testing.assert_array_equal(file["tracks"][0, :, :, 1], poses.points[3].T)
        np.testing.assert_array_equal(file["tracks"][3, :, :, 3], poses.points[5].T)
        np.testing.assert_array_equal(file["point_scores"][1, :, 1], poses.point_scores[4])
        assert file["instance_scores"][2, 10] == poses.instance_score[8]
        assert np.isnan(file["tracks"][0, :, :, 2]).all()
        occupancy = np.zeros((12, 5))
        for frame, track in [(0, 0), (1, 0), (3, 0), (0, 1), (1, 1), (10, 2), (0, 3), (3, 3), (3, 4)]:
            occupancy[frame, track] = 1
        np.testing.assert_array_equal(file["track_occupancy"], occupancy)
        assert [tuple(e) for e in file["edge_inds"]] == [(0, 1), (0, 2)]
        assert file["edge_names"][0].tolist() == [b"head", b"left,foot"]
        assert json.loads(file["provenance"][()]) == {"command": "track", "coordinates": "video"}


def test_analysis_h5_loses_no_instance_in_sleap_io(tmp_path):
    poses = draw_poses(make_info("v.mp4"))
    poses.track[:] = None
    write_poses(tmp_path / "p.parquet", poses)
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.h5", format="analysis_h5", coordinates="video")
    labels = sio.load_analysis_h5(str(tmp_path / "o.h5"))
    assert sorted(track.name for track in labels.tracks) == ["untracked_0", "untracked_1", "untracked_2"]
    got = np.array([i.numpy() for frame in labels for i in frame])
    np.testing.assert_array_equal(got, poses.points)
    assert labels.skeleton.node_names == list(SKELETON.nodes)
    assert len(labels.skeleton.symmetries) == 1
    assert labels.videos[0].shape == [20, 480, 640, 3]


def test_analysis_h5_equals_what_sleap_io_writes_for_tracked_animals(poses, tmp_path):
    tracked = poses[np.array([name is not None for name in poses.track])]
    write_poses(tmp_path / "p.parquet", tracked)
    export_poses([tmp_path / "p.parquet"], tmp_path / "ours.h5", format="analysis_h5", coordinates="video")
    export_poses([tmp_path / "p.parquet"], tmp_path / "p.slp", format="slp")
    labels = sio.load_slp(str(tmp_path / "p.slp"), open_videos=False)
    sio.save_analysis_h5(labels, str(tmp_path / "theirs.h5"), all_frames=True)
    with h5py.File(tmp_path / "ours.h5") as ours, h5py.File(tmp_path / "theirs.h5") as theirs:
        assert set(ours) == set(theirs)
        for name in ("tracks", "track_occupancy", "instance_scores", "tracking_scores"):
            frames = ours[name].shape[_axis(ours[name], "frame")]
            np.testing.assert_array_equal(ours[name], _first(theirs[name], frames))
            assert ours[name].attrs["dims"] == theirs[name].attrs["dims"]
            assert ours[name].dtype == theirs[name].dtype
        for name in ("track_names", "node_names", "edge_names", "edge_inds", "video_path"):
            np.testing.assert_array_equal(ours[name][()], theirs[name][()])


def test_analysis_h5_is_the_same_however_frames_are_cut_into_blocks(poses_path, tmp_path, monkeypatch):
    export_poses([poses_path], tmp_path / "whole.h5", format="analysis_h5")
    for module in ("frames", "formats.analysis_h5"):
        monkeypatch.setattr(f"antpipe.export.{module}.BLOCK", 3)
    monkeypatch.setitem(_CHUNK, "frame", 3)
    export_poses([poses_path], tmp_path / "cut.h5", format="analysis_h5")
    with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(tmp_path / "cut.h5") as cut:
        assert cut["tracks"].chunks == (1, 2, 4, 3)
        for name in whole:
            np.testing.assert_array_equal(whole[name][()], cut[name][()])


def test_analysis_h5_tells_what_a_reader_needs_and_where_the_untracked_are(poses_path, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("antpipe.export.formats.analysis_h5._LARGE_GB", 0)
    export_poses([poses_path], tmp_path / "o.h5", format="analysis_h5")
    said = capsys.readouterr().err
    assert "3 instances have no track; they are in untracked_0, untracked_1\n" in said
    assert "needs 0 GB for its 5 tracks times 12 frames" in said


def _axis(data, dim):
    return json.loads(data.attrs["dims"]).index(dim)


def _first(data, frames):
    return np.take(data[()], np.arange(frames), axis=_axis(data, "frame"))


def test_analysis_h5_without_animals_opens(empty_path, tmp_path):
    export_poses([empty_path], tmp_path / "o.h5", format="analysis_h5")
    with h5py.File(tmp_path / "o.h5") as file:
        assert file["tracks"].shape == (0, 2, 4, 12)
        assert file["track_names"].shape == (0,)
    assert len(sio.load_analysis_h5(str(tmp_path / "o.h5"))) == 0


def test_analysis_h5_refuses_two_instances_of_one_track_in_one_frame(poses, tmp_path):
    poses.track[:] = "ant 1"
    write_poses(tmp_path / "p.parquet", poses)
    with pytest.raises(PosesError, match=r"one instance per track and frame, but track 'ant 1' has two in frame 0"):
        export_poses([tmp_path / "p.parquet"], tmp_path / "o.h5", format="analysis_h5")


def test_slp_is_the_same_bytes_each_time_although_sleap_io_keeps_pairs_in_sets(tmp_path):
    nodes = tuple(f"{part}.{side}" for part in "abcdef" for side in "LR")
    skeleton = Skeleton(nodes=nodes, symmetries=tuple(zip(nodes[::2], nodes[1::2], strict=True)))
    write_poses(tmp_path / "p.parquet", empty_poses(replace(make_info("v.mp4"), skeleton=skeleton)))
    for run in range(4):
        export_poses([tmp_path / "p.parquet"], tmp_path / f"{run}.slp", format="slp")
    assert len({(tmp_path / f"{run}.slp").read_bytes() for run in range(4)}) == 1
