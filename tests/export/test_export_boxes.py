"""coco and mot: annotations per image and boxes per line."""

import json

import cv2
import numpy as np
import pytest
import sleap_io as sio
from drawn_poses import SKELETON, draw_poses, draw_without_points, make_info

from antpipe.errors import PosesError
from antpipe.evaluation.mot import read_mot
from antpipe.export.export import export_poses
from antpipe.poses_file import write_poses


@pytest.fixture
def coco(poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.coco.json", format="coco", coordinates="video")
    return json.loads((tmp_path / "o.coco.json").read_text(encoding="utf-8"))


def test_coco_has_an_image_for_every_frame_examined(coco):
    images = coco["images"]
    assert [image["frame_idx"] for image in images] == list(range(12))
    assert [image["id"] for image in images] == list(range(1, 13))
    assert images[3]["file_name"] == 'Col 218, "cut" é_frame_000003.png'
    assert (images[0]["width"], images[0]["height"]) == (640, 480)


def test_coco_annotations_are_what_the_standard_says(coco, poses):
    assert coco["categories"][0]["skeleton"] == [[1, 2], [1, 3]]
    items = coco["annotations"]
    assert [item["id"] for item in items] == list(range(1, 10))
    second, points = items[1], poses.points[1]
    assert (second["image_id"], second["category_id"], second["iscrowd"], second["num_keypoints"]) == (1, 1, 0, 3)
    assert second["keypoints"][6:9] == [0, 0, 0]
    assert second["keypoints"][2::3] == [2, 2, 0, 2]
    seen = points[[0, 1, 3]]
    low, high = seen.min(axis=0), seen.max(axis=0)
    np.testing.assert_allclose(second["bbox"], [*low, *(high - low)], rtol=1e-6)
    assert second["area"] == pytest.approx(np.prod(high - low))


def test_coco_keeps_scores_tracks_and_who_said_it(coco, poses):
    items = coco["annotations"]
    assert [item.get("track") for item in items] == poses.track.tolist()
    assert [item["predicted"] for item in items] == poses.predicted.tolist()
    numbers = {item["track"]: item["attributes"]["object_id"] for item in items if "track" in item}
    assert numbers == {"ant 1": 1, "žába": 2, 'a"b,c': 3}
    for key, values in (("score", poses.instance_score), ("tracking_score", poses.tracking_score)):
        got = [np.nan if item[key] is None else item[key] for item in items]
        np.testing.assert_array_equal(np.float32(got), values)
    assert items[1]["keypoint_scores"][2] is None
    np.testing.assert_array_equal(np.float32(items[0]["keypoint_scores"]), poses.point_scores[0])


def test_coco_opens_in_sleap_io_beside_the_images_of_its_frames(coco, poses, tmp_path):
    for image in coco["images"]:
        cv2.imencode(".png", np.zeros((48, 64), np.uint8))[1].tofile(tmp_path / image["file_name"])
    labels = sio.load_coco(str(tmp_path / "o.coco.json"), dataset_root=str(tmp_path))
    instances = [instance for frame in labels for instance in frame.instances]
    np.testing.assert_array_equal(np.float32([instance.numpy() for instance in instances]), poses.points)
    assert labels.skeleton.node_names == list(SKELETON.nodes)
    assert len(labels.tracks) == 3


def test_coco_numbers_images_and_tracks_of_several_videos_on(tmp_path):
    for name in "ab":
        write_poses(tmp_path / f"{name}.parquet", draw_poses(make_info(f"{name}.mp4")))
    export_poses([tmp_path / "b.parquet", tmp_path / "a.parquet"], tmp_path / "o", format="coco")
    content = json.loads((tmp_path / "o").read_text(encoding="utf-8"))
    assert [image["id"] for image in content["images"]] == list(range(1, 25))
    assert [item["id"] for item in content["annotations"]] == list(range(1, 19))
    images = {image["id"]: image for image in content["images"]}
    assert [images[item["image_id"]]["video"] for item in content["annotations"]] == ["a.mp4"] * 9 + ["b.mp4"] * 9
    assert {item["attributes"]["object_id"] for item in content["annotations"][9:] if "track" in item} == {4, 5, 6}


def test_coco_refuses_two_videos_of_one_name(tmp_path):
    for folder in "ab":
        write_poses(tmp_path / f"{folder}.parquet", draw_poses(make_info(f"{folder}/clip.mp4")))
    with pytest.raises(PosesError, match=r"would both become images clip_frame_\*\.png; export them to different"):
        export_poses([tmp_path / "a.parquet", tmp_path / "b.parquet"], tmp_path / "o", format="coco")


def test_mot_counts_frames_tracks_and_pixels_from_one(poses, poses_path, tmp_path, capsys):
    export_poses([poses_path], tmp_path / "o.mot.txt", format="mot", coordinates="video")
    lines = (tmp_path / "o.mot.txt").read_text().splitlines()
    rows = np.array([[float(value) for value in line.split(",")] for line in lines])
    assert rows[:, 0].tolist() == (poses.frame_idx + 1).tolist()
    assert rows[:, 1].tolist() == [1, 2, -1, 1, 2, -1, 1, -1, 3]
    low, high = np.nanmin(poses.points, axis=1), np.nanmax(poses.points, axis=1)
    np.testing.assert_allclose(rows[:, 2:6], np.concatenate([low + 1, high - low], axis=1), rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(np.float32(rows[:, 6]), np.nan_to_num(poses.instance_score, nan=1))
    assert lines[0].endswith(",-1,-1,-1")
    said = capsys.readouterr().err
    assert "tracks are numbers: 1 is 'ant 1', 2 is 'žába', 3 is 'a\"b,c'" in said
    assert "8 of 12 frames examined hold no animal" in said
    frames = read_mot(tmp_path / "o.mot.txt")
    assert [len(frame.points) for frame in frames] == [3, 2, 0, 3, 0, 0, 0, 0, 0, 0, 1]


def test_mot_counts_those_without_a_box(tmp_path, capsys):
    write_poses(tmp_path / "p.parquet", draw_without_points())
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.txt", format="mot", coordinates="video")
    assert "3 instances have no visible node, so no box, and were left out" in capsys.readouterr().err
    assert (tmp_path / "o.txt").read_text() == "5,2,8.5,9.25,0.0,0.0,1.0,-1,-1,-1\n"
