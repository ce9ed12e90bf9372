"""Raw coordinates: pixels, path, size, frame numbers and times of the raw video, as far as the way back is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn_poses import HALF_AND_SHIFTED, draw_poses, make_info

from antpipe.config.preprocess import PreprocessConfig
from antpipe.export.export import export_poses
from antpipe.export.registry import DRAWN_ON_VIDEO, EXPORTERS
from antpipe.export.source import open_source
from antpipe.files import fingerprint, write_json
from antpipe.geometry import IDENTITY, Transform
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import read_info, read_poses, write_poses
from antpipe.video.read import VideoReader
from antpipe.video.transcode import preprocess
from antpipe.video.write import VideoWriter

RAW = {"path": "raw/Col 218.MOV", "width": 3840, "height": 2160, "frame_count": 70, "fingerprint": "r"}


@pytest.fixture
def record():
    return {
        "source": RAW,
        "output": {"fingerprint": "abc"},
        "to_raw": HALF_AND_SHIFTED.to_dict(),
        "first_raw_frame": 48,
        "first_raw_time_s": 2.0,
        "keeps_frame_numbers": True,
    }


@pytest.fixture
def poses(tmp_path):
    """Poses about a video whose record would lie in tmp_path."""
    info = make_info((tmp_path / "v.mp4").as_posix())
    poses = draw_poses(replace(info, video=replace(info.video, fingerprint="abc")))
    write_poses(tmp_path / "p.parquet", poses)
    return poses


def in_raw(points):
    return points * 2 + np.float32([100.5, 50.5])


def test_everything_is_that_of_the_raw_video(poses, record, tmp_path, capsys):
    write_json(tmp_path / "v.json", record)
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.parquet", format="parquet")
    assert capsys.readouterr().err == ""
    got = read_poses(tmp_path / "o.parquet")
    assert got.info.video == VideoMeta(**RAW, fps=24.0)
    assert (got.info.coordinates, got.info.to_raw, got.info.frames) == ("raw", IDENTITY, ((48, 60),))
    np.testing.assert_allclose(got.points, in_raw(poses.points), atol=1e-4)
    np.testing.assert_array_equal(got.frame_idx, poses.frame_idx + 48)
    np.testing.assert_allclose(got.time_s, poses.time_s + 2)
    told = got.info.provenance["export"]
    assert (told["pixels"], told["size"], told["frame_numbers"], told["first_raw_frame"]) == ("raw", "raw", "raw", 48)
    assert told["video"]["path"] == poses.info.video.path
    assert Transform.from_dict(told["video"]["to_raw"]) == HALF_AND_SHIFTED


def test_the_lab_s_table_names_the_raw_video(poses, record, tmp_path):
    write_json(tmp_path / "v.json", record)
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.csv", format="csv")
    table = pd.read_csv(tmp_path / "o.csv")
    assert {tuple(row) for row in table.iloc[:, :3].to_numpy()} == {("raw/Col 218.MOV", 3840, 2160)}
    assert sorted(table["frame_idx"].unique()) == [48, 49, 51, 58]
    np.testing.assert_allclose(table["time_s"], table["frame_idx"] / 24)


def test_where_frames_were_repeated_or_dropped_path_and_numbers_stay_and_it_is_said(poses, record, tmp_path, capsys):
    write_json(tmp_path / "v.json", record | {"keeps_frame_numbers": False})
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.parquet", format="parquet")
    assert "frames were repeated or dropped to reach 24 frames per second" in capsys.readouterr().err
    got = read_poses(tmp_path / "o.parquet")
    expected = replace(poses.info.video, width=3840, height=2160)
    assert (got.info.video, got.info.frames) == (expected, poses.info.frames)
    np.testing.assert_allclose(got.points, in_raw(poses.points), atol=1e-4)
    np.testing.assert_array_equal(got.frame_idx, poses.frame_idx)
    np.testing.assert_array_equal(got.time_s, poses.time_s)
    told = got.info.provenance["export"]
    assert (told["pixels"], told["size"], told["frame_numbers"]) == ("raw", "raw", "video")


@pytest.mark.parametrize("fingerprint", [None, "of another version"])
def test_without_the_right_record_only_points_are_led_back_and_it_is_said(fingerprint, poses, record, tmp_path, capsys):
    if fingerprint:
        write_json(tmp_path / "v.json", record | {"output": {"fingerprint": fingerprint}})
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.parquet", format="parquet")
    said = capsys.readouterr().err
    assert "points are in raw pixels, but path, size and frame numbers are those of" in said
    assert ("is about another version of it" if fingerprint else "was not found") in said
    got = read_poses(tmp_path / "o.parquet")
    assert (got.info.video, got.info.to_raw) == (poses.info.video, HALF_AND_SHIFTED)
    np.testing.assert_allclose(got.points, in_raw(poses.points), atol=1e-4)


def test_a_video_that_was_not_preprocessed_is_its_own_raw_video(tmp_path, capsys):
    poses = draw_poses(make_info("raw.mp4", to_raw=IDENTITY))
    write_poses(tmp_path / "p.parquet", poses)
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.parquet", format="parquet")
    assert capsys.readouterr().err == ""
    assert read_info(tmp_path / "o.parquet").video == poses.info.video


def test_an_export_in_raw_pixels_is_exported_again_as_it_is(poses, record, tmp_path):
    write_json(tmp_path / "v.json", record)
    export_poses([tmp_path / "p.parquet"], tmp_path / "a.parquet", format="parquet")
    for coordinates in ("raw", "video"):
        export_poses([tmp_path / "a.parquet"], tmp_path / "b.parquet", format="parquet", coordinates=coordinates)
        first, again = read_poses(tmp_path / "a.parquet"), read_poses(tmp_path / "b.parquet")
        assert replace(again.info, coordinates="raw") == first.info
        np.testing.assert_array_equal(again.points, first.points)
        np.testing.assert_array_equal(again.frame_idx, first.frame_idx)


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_tells_once_what_could_not_be_led_back(name, poses, tmp_path, capsys):
    export_poses([tmp_path / "p.parquet"], tmp_path / f"o.{name}", format=name)
    assert capsys.readouterr().err.count("points are in raw pixels") == (name not in DRAWN_ON_VIDEO)


def test_frames_of_a_broken_raw_video_keep_their_numbers(poses, record, tmp_path):
    write_json(tmp_path / "v.json", record | {"source": RAW | {"frame_count": 55}})
    assert open_source(tmp_path / "p.parquet", "raw").info.video.frame_count == 60


def film_a_dot(path, frames):
    """Draw a bright dot of 5x5 pixels that jumps; return its middle (frames, 2)."""
    places = np.random.default_rng(0).integers(40, 88, (frames, 2))
    with VideoWriter(path, width=128, height=128, fps=25, grayscale=True, crf=0) as writer:
        for x, y in places:
            image = np.zeros((128, 128), np.uint8)
            image[y - 2 : y + 3, x - 2 : x + 3] = 255
            writer.write(image)
    return places


def test_the_exported_row_finds_the_animal_in_the_raw_film(tmp_path):
    film_a_dot(tmp_path / "raw.mp4", 40)
    config = PreprocessConfig(crop=(96, 80, 32, 24), scale=2.0, start=0.4)
    record = preprocess(tmp_path / "raw.mp4", tmp_path / "video" / "raw.mp4", config)
    points = []
    with VideoReader(tmp_path / "video" / "raw.mp4") as reader:
        for frame in reader.frames():
            rows, columns = np.nonzero(frame.image[..., 0] > 128)
            points.append([[columns.mean(), rows.mean()]])
        video = VideoMeta(
            path=(tmp_path / "video" / "raw.mp4").as_posix(),
            width=reader.width,
            height=reader.height,
            fps=reader.fps,
            frame_count=reader.frame_count,
            fingerprint=fingerprint(tmp_path / "video" / "raw.mp4"),
        )
    info = PosesInfo(
        skeleton=Skeleton(nodes=("dot",)),
        video=video,
        frames=((0, len(points)),),
        to_raw=Transform.from_dict(record["to_raw"]),
    )
    write_poses(tmp_path / "p.parquet", make_poses(info, frame_idx=np.arange(len(points)), points=points))
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.csv", format="csv")
    table = pd.read_csv(tmp_path / "o.csv")
    assert len(table) == 30
    with VideoReader(table["video_path"][0]) as reader:
        assert (reader.width, reader.height) == (table["video_width"][0], table["video_height"][0])
        for row in table.itertuples():
            frame = reader.read(row.frame_idx)
            rows, columns = np.nonzero(frame.image[..., 0] > 128)
            assert (row.x_pos, row.y_pos) == pytest.approx((columns.mean(), rows.mean()), abs=0.3)
            assert row.time_s == pytest.approx(frame.time_s)
