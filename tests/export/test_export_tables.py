"""parquet, parquet_long and csv, read back by the programs that a lab uses."""

import csv

import duckdb
import numpy as np
import pandas as pd
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
from drawn_poses import draw_poses, make_info

from antpipe.errors import PosesError
from antpipe.export.export import export_poses
from antpipe.export.formats.parquet_long import escape_hive
from antpipe.export.long_table import long_table
from antpipe.poses import PosesInfo, empty_poses
from antpipe.poses_file import read_poses, write_poses

LAB_HEADER = "video_path,video_width,video_height,frame_idx,instance_idx,track_id,part_name,predicted,x_pos,y_pos"
HEADER = f"{LAB_HEADER},time_s,part_score,instance_score,tracking_score"
HOSTILE = ["plain", "a=b", "50%", "%41", "a/b" + chr(0x2215), "ünï 蟻", "q'uo\"te", "sp ace+plus", "a:b*c?d", "x.y"]


def test_wide_parquet_is_the_poses_file_again(poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.parquet", format="parquet", coordinates="video")
    got = read_poses(tmp_path / "o.parquet")
    assert got.info == poses.info
    np.testing.assert_array_equal(got.points, poses.points)
    assert got.track.tolist() == poses.track.tolist()


def test_wide_parquet_opens_in_duckdb_and_pandas(poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.parquet", format="parquet")
    frame = pd.read_parquet(tmp_path / "o.parquet")
    assert frame.loc[frame.track == "ant 1", "frame_idx"].tolist() == [0, 1, 3]
    counts = duckdb.sql(f"select count(*), count(distinct track) from '{tmp_path}/o.parquet'").fetchall()
    assert counts == [(9, 3)]


def test_long_table_has_one_row_per_node_in_order_with_null_for_what_is_not_there(poses):
    table = long_table(poses).to_pylist()
    assert list(table[0]) == HEADER.split(",")
    assert len(table) == 9 * 4
    row = table[1 * 4 + 2]
    assert row["part_name"] == 'right"foot'
    assert (row["x_pos"], row["y_pos"], row["part_score"]) == (None, None, None)
    row = table[3 * 4 + 1]
    assert (row["frame_idx"], row["instance_idx"], row["track_id"], row["predicted"]) == (1, 0, "ant 1", True)
    assert (row["video_width"], row["video_height"], row["time_s"]) == (640, 480, 1 / 24)
    assert row["x_pos"] == poses.points[3, 1, 0]
    assert row["part_score"] == poses.point_scores[3, 1]
    assert row["instance_score"] == poses.instance_score[3]
    assert row["tracking_score"] == poses.tracking_score[3]
    assert table[2 * 4]["track_id"] is None
    assert table[6 * 4]["predicted"] is False


@pytest.fixture
def data_set(tmp_path):
    """One data set of videos with hostile names, and one without animals."""
    paths = []
    for i, name in enumerate(HOSTILE):
        paths.append(tmp_path / f"{i}.parquet")
        write_poses(paths[-1], draw_poses(make_info(f"videos/{name.replace('/', '_')}.mp4"), seed=i))
    paths.append(tmp_path / "none.parquet")
    write_poses(paths[-1], empty_poses(make_info("videos/none.mp4")))
    export_poses(paths, tmp_path / "out", format="parquet_long", coordinates="video")
    return tmp_path / "out"


def names_of(data_set):
    return sorted(name.replace("/", "_") for name in HOSTILE)


def test_long_data_set_opens_in_pandas(data_set):
    frame = pd.read_parquet(data_set)
    assert sorted(frame["video"].unique()) == names_of(data_set)
    assert len(frame) == len(HOSTILE) * 36
    expected = long_table(draw_poses(make_info("videos/a=b.mp4"), seed=1)).to_pandas()
    got = frame[frame["video"] == "a=b"].reset_index(drop=True)
    for column in expected:
        np.testing.assert_array_equal(
            got[column].astype(object).fillna("-"), expected[column].astype(object).fillna("-")
        )


def test_long_data_set_opens_in_pyarrow_with_partitions_and_dictionaries(data_set):
    found = pads.dataset(data_set, partitioning="hive")
    assert found.schema.field("part_name").type.value_type == "string"
    table = found.to_table(filter=pads.field("video") == "ünï 蟻")
    assert set(table.column("video_path").to_pylist()) == {"videos/ünï 蟻.mp4"}


def test_long_data_set_opens_in_duckdb_and_averages_skip_missing_points(data_set):
    rows = duckdb.sql(
        f"select video, count(*), avg(x_pos) from read_parquet('{data_set}/*/*.parquet', hive_partitioning=true) "
        "group by video order by video"
    ).fetchall()
    assert [r[0] for r in rows] == names_of(data_set)
    for name, count, mean in rows:
        seed = [n.replace("/", "_") for n in HOSTILE].index(name)
        points = draw_poses(make_info(), seed=seed).points
        assert count == 36
        assert mean == pytest.approx(np.nanmean(points[..., 0].astype(float)))


def test_every_part_says_what_was_examined(data_set):
    metadata = pq.read_schema(data_set / "video=none" / "part-0.parquet").metadata
    assert PosesInfo.from_json(metadata[b"antpipe_long"]).frames == ((0, 12),)


def test_a_data_set_is_replaced_whole_but_other_folders_are_left_alone(data_set, poses_path, tmp_path):
    export_poses([poses_path], data_set, format="parquet_long")
    assert len(list(data_set.iterdir())) == 1
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    with pytest.raises(PosesError, match="expected a new folder or an earlier data set, but it holds other files"):
        export_poses([poses_path], tmp_path / "home", format="parquet_long")
    with pytest.raises(PosesError, match="expected a folder for the data set, but it is a file"):
        export_poses([poses_path], tmp_path / "home" / "thesis.txt", format="parquet_long")
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years of work"


def test_two_videos_of_one_name_are_refused(tmp_path):
    for folder in ("a", "b"):
        write_poses(tmp_path / f"{folder}.parquet", draw_poses(make_info(f"{folder}/clip.mp4")))
    with pytest.raises(PosesError, match=r"'a/clip.mp4' and 'b/clip.mp4' would both become video=clip; export them"):
        export_poses([tmp_path / "a.parquet", tmp_path / "b.parquet"], tmp_path / "out", format="parquet_long")


@pytest.mark.parametrize(
    ("name", "escaped"), [("clip 1", "clip 1"), ("a=b/c", "a%3Db%2Fc"), ("50%", "50%25"), ("ä", "ä"), ("\n", "%0A")]
)
def test_names_are_escaped_as_hive_does(name, escaped):
    assert escape_hive(name) == escaped


def test_csv_has_the_labs_header_and_spelling(poses, poses_path, tmp_path):
    export_poses([poses_path], tmp_path / "o.csv", format="csv", coordinates="video")
    text = (tmp_path / "o.csv").read_bytes().decode()
    lines = text.split("\n")
    assert lines[0] == HEADER
    assert "\r" not in text
    x, y = (repr(float(str(v))) for v in poses.points[0, 0])
    score, instance = (repr(float(str(v))) for v in (poses.point_scores[0, 0], poses.instance_score[0]))
    path = '"results/videos/Col 218, ""cut"" é.mp4"'
    assert lines[1] == f"{path},640,480,0,0,ant 1,head,True,{x},{y},0.0,{score},{instance},nan"
    assert lines[1 + 1 * 4 + 2].startswith(f'{path},640,480,0,1,žába,"right""foot",True,nan,nan,0.0,nan,')
    assert lines[1 + 2 * 4].split(",", 7)[6] == "", "an untracked instance has an empty track_id"


def test_csv_reads_back_exactly(poses, poses_path, empty_path, tmp_path):
    export_poses([empty_path, poses_path], tmp_path / "o.csv", format="csv", coordinates="video")
    with open(tmp_path / "o.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    np.testing.assert_array_equal(np.float32([r["x_pos"] for r in rows]), poses.points[..., 0].ravel())
    np.testing.assert_array_equal([float(r["time_s"]) for r in rows], np.repeat(poses.time_s, 4))
    assert {r["predicted"] for r in rows} == {"True", "False"}
    assert rows[-1]["track_id"] == 'a"b,c'
    frame = pd.read_csv(tmp_path / "o.csv", dtype={"x_pos": "float32"})
    np.testing.assert_array_equal(frame["x_pos"], poses.points[..., 0].ravel())
    count = duckdb.sql(f"select count(*) from read_csv('{tmp_path}/o.csv') where track_id is null").fetchall()
    assert count == [(12,)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(14.0, "14.0"), (1797.173095703125, "1797.1731"), (-0.5, "-0.5"), (1e-7, "1e-7"), (0.1, "0.1"), (-3.0, "-3.0")],
)
def test_csv_numbers_are_the_shortest_that_read_back(value, text, tmp_path):
    poses = draw_poses(make_info("v.mp4"))
    poses.points[0, 0, 0] = value
    write_poses(tmp_path / "p.parquet", poses)
    export_poses([tmp_path / "p.parquet"], tmp_path / "o.csv", format="csv", coordinates="video")
    assert (tmp_path / "o.csv").read_text().split("\n")[1].split(",")[8] == text


def test_csv_sorts_videos_by_path_and_rows_by_frame(tmp_path):
    for name in ("b", "a"):
        write_poses(tmp_path / f"{name}.parquet", draw_poses(make_info(f"{name}.mp4")))
    export_poses([tmp_path / "b.parquet", tmp_path / "a.parquet"], tmp_path / "o.csv", format="csv")
    frame = pd.read_csv(tmp_path / "o.csv")
    assert frame["video_path"].unique().tolist() == ["a.mp4", "b.mp4"]
    assert all(group.is_monotonic_increasing for _, group in frame.groupby("video_path")["frame_idx"])
