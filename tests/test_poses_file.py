import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from antpipe.errors import PosesError
from antpipe.geometry import Transform
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, empty_poses, make_poses
from antpipe.poses_file import METADATA_KEY, iter_poses, read_info, read_poses, write_poses, write_poses_to

SKELETON = Skeleton(nodes=("Head end", "Fühler"), edges=(("Head end", "Fühler"),), symmetries=())
INFO = PosesInfo(
    skeleton=SKELETON,
    video=VideoMeta(path="videos/a 'b'.mp4", width=64, height=48, fps=25.0, frame_count=10, fingerprint="ab"),
    frames=((0, 5), (7, 10)),
    to_raw=Transform(scale=(2.0, 2.0), offset=(0.5, 100.5)),
    provenance={"prediction": {"command": "antpipe predict"}},
)


def drawn_poses(rows=6, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 40, (rows, 2, 2))
    points[1, 1] = np.nan
    return make_poses(
        INFO,
        frame_idx=np.array([0, 0, 2, 7, 7, 7])[:rows],
        points=points,
        point_scores=rng.uniform(0, 1, (rows, 2)),
        instance_score=rng.uniform(0, 1, rows),
        track=["a", None, "a", "b", "a", None][:rows],
    )


def test_round_trip(tmp_path):
    poses, path = drawn_poses(), tmp_path / "ü b.parquet"
    write_poses(path, poses)
    back = read_poses(path)
    assert back.info == INFO
    assert back.track.tolist() == poses.track.tolist()
    for name in ("frame_idx", "instance_idx", "points", "point_scores", "instance_score", "predicted", "time_s"):
        np.testing.assert_array_equal(getattr(back, name), getattr(poses, name))


def test_columns_are_those_of_the_contract(tmp_path):
    write_poses(tmp_path / "p.parquet", drawn_poses())
    schema = pq.read_schema(tmp_path / "p.parquet")
    kinds = dict(zip(schema.names, map(str, schema.types), strict=True))
    assert schema.names[:7] == [
        "frame_idx",
        "time_s",
        "instance_idx",
        "track",
        "instance_score",
        "tracking_score",
        "predicted",
    ]
    assert schema.names[7:10] == ["Head end.x", "Head end.y", "Head end.score"]
    assert (kinds["frame_idx"], kinds["time_s"], kinds["instance_idx"]) == ("int32", "double", "int16")
    assert pa.types.is_dictionary(schema.field("track").type)
    assert kinds["Head end.x"] == "float"
    assert METADATA_KEY in schema.metadata


def test_pandas_opens_it_and_untracked_is_null(tmp_path):
    write_poses(tmp_path / "p.parquet", drawn_poses())
    frame = pd.read_parquet(tmp_path / "p.parquet")
    assert frame["track"].isna().tolist() == [False, True, False, False, False, True]
    assert frame["time_s"].tolist() == [0, 0, 0.08, 0.28, 0.28, 0.28]
    assert frame["instance_idx"].tolist() == [0, 1, 0, 0, 1, 2]


def test_a_video_without_animals_still_tells_its_frames(tmp_path):
    write_poses(tmp_path / "e.parquet", empty_poses(INFO))
    assert len(read_poses(tmp_path / "e.parquet")) == 0
    assert read_info(tmp_path / "e.parquet").frame_total == 8


def test_row_groups_are_streamed_and_info_may_change_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 2)
    poses = drawn_poses()
    with write_poses_to(tmp_path / "p.parquet", INFO) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
        writer.info = replace(INFO, frames=((0, 3),))
    parts = list(iter_poses(tmp_path / "p.parquet"))
    assert [len(p) for p in parts] == [2, 4]
    assert parts[0].info.frames == ((0, 3),)
    assert pq.read_schema(tmp_path / "p.parquet").metadata[METADATA_KEY] == parts[0].info.to_json().encode()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    write_poses(tmp_path / "p.parquet", drawn_poses())
    before = (tmp_path / "p.parquet").read_bytes()

    def write_half():
        with write_poses_to(tmp_path / "p.parquet", INFO) as writer:
            writer.write(drawn_poses(2))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_half()
    assert (tmp_path / "p.parquet").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["p.parquet"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "poses file not found"), (b"", "cannot be read"), (b"PAR1 but not really PAR1", "cannot be read")],
)
def test_bad_files_are_named(tmp_path, content, message):
    path = tmp_path / "x.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PosesError, match=message) as caught:
        read_info(path)
    assert str(path) in str(caught.value)


def test_parquet_of_another_program_is_refused(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(PosesError, match="no antpipe metadata"):
        read_info(tmp_path / "x.parquet")


def change_info(path, change):
    table = pq.read_table(path)
    value = json.loads(table.schema.metadata[METADATA_KEY])
    change(value)
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: json.dumps(value)}), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.pop("skeleton"), "skeleton: Field required"),
        (lambda v: v["skeleton"].update(nodes="head"), "skeleton.nodes: Input should be a valid array"),
        (
            lambda v: v["skeleton"].update(edges=[["head", "tail"]]),
            "skeleton: edges or symmetries name ['head', 'tail']",
        ),
        (lambda v: v["skeleton"].update(nodes=["a", "a"], edges=[]), "skeleton.nodes: expected different names"),
        (lambda v: v["video"].update(fps=0), "video.fps: expected a number above 0, got 0.0"),
        (lambda v: v["video"].update(fps="25"), "video.fps: Input should be a valid number"),
        (lambda v: v["video"].update(frame_count=-1), "video: expected a size and a number of frames"),
        (lambda v: v["video"].update(path="a\0b"), "video.path: expected a path, got 'a\\x00b'"),
        (lambda v: v.update(frames=[[5, 0]]), "frames: expected ranges within 0 and 2147483648"),
        (lambda v: v.update(frames=[[0, 10**30]]), "frames: expected ranges within 0 and 2147483648"),
        (lambda v: v.update(coordinates="mm"), "coordinates: expected video or raw, got 'mm'"),
        (
            lambda v: v.update(to_raw={"scale": [0, 1], "offset": [0, 0]}),
            "to_raw: expected numbers, and scales other th",
        ),
        (lambda v: v.update(features={"track": {"unit": "", "meaning": ""}}), "features: expected other names than"),
    ],
)
def test_metadata_that_cannot_be_used_is_one_sentence(tmp_path, change, message):
    path = tmp_path / "p.parquet"
    write_poses(path, drawn_poses())
    change_info(path, change)
    for read in (read_info, read_poses, lambda path: list(iter_poses(path))):
        with pytest.raises(PosesError, match=r"p.parquet: expected poses written by this version of antpipe") as error:
            read(path)
        assert f"cannot be read ({message}" in str(error.value)
        assert "\n" not in str(error.value)


def with_column(name, values):
    return lambda table: table.set_column(table.column_names.index(name), name, values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns("track"), "expected one column 'track', got 0"),
        (lambda table: table.append_column("track", table["track"]), "expected one column 'track', got 2"),
        (with_column("frame_idx", pa.array([0, 0, 2, 7, 5, 7], pa.int32())), "rows are not sorted by frame"),
        (with_column("frame_idx", pa.array([-1, 0, 2, 7, 7, 7], pa.int32())), "rows are not sorted by frame"),
        (with_column("frame_idx", pa.array([0, 0, 2, 7, 7, None], pa.int32())), "'frame_idx' has rows without a value"),
        (with_column("frame_idx", pa.array([0, 0, 2, 7, 7, 2**40])), "Integer value 1099511627776 not in range"),
        (with_column("Fühler.x", pa.array(["1", "2", "3", "4", "5", "left"])), "Failed to parse string"),
        (with_column("predicted", pa.array([[1]] * 6)), "Unsupported cast from list"),
    ],
)
def test_columns_that_cannot_be_used_are_named(tmp_path, change, message):
    path = tmp_path / "p.parquet"
    write_poses(path, drawn_poses())
    pq.write_table(change(pq.read_table(path)), path)
    for read in (read_poses, lambda path: list(iter_poses(path))):
        with pytest.raises(
            PosesError, match=r"p.parquet: expected a Parquet file of poses, but it cannot be read"
        ) as error:
            read(path)
        assert message in str(error.value)
        assert "\n" not in str(error.value)


def test_row_groups_out_of_order_are_refused(tmp_path):
    path = tmp_path / "p.parquet"
    write_poses(path, drawn_poses())
    table = pq.read_table(path)
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table.slice(3))
        writer.write_table(table.slice(0, 3))
    with pytest.raises(PosesError, match=r"p.parquet: .* \(rows are not sorted by frame\)"):
        list(iter_poses(path))


def test_a_table_of_another_program_with_wider_columns_and_more_of_them_is_read(tmp_path):
    path = tmp_path / "p.parquet"
    write_poses(path, drawn_poses())
    table = pq.read_table(path)
    wide = table.set_column(0, "frame_idx", table["frame_idx"].cast(pa.int64()))
    wide = wide.set_column(3, "track", table["track"].cast(pa.string()))
    wide = wide.set_column(7, "Head end.x", table["Head end.x"].cast(pa.float64())).append_column("note", [["x"] * 6])
    pq.write_table(wide.select(wide.column_names[::-1]), path)
    back, poses = read_poses(path), drawn_poses()
    assert back.track.tolist() == poses.track.tolist()
    np.testing.assert_array_equal(back.points, poses.points)
    np.testing.assert_array_equal(back.frame_idx, poses.frame_idx)


def test_names_of_tracks_that_are_no_texts_are_refused(tmp_path):
    path = tmp_path / "p.parquet"
    write_poses(path, make_poses(INFO, frame_idx=[0], points=np.ones((1, 2, 2)), track=["Ameise"]))
    names = pa.array([b"Ameise\xff"]).view(pa.string())
    broken = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), names, safe=False)
    pq.write_table(pq.read_table(path).set_column(3, "track", broken), path)
    with pytest.raises(PosesError, match=r"p.parquet: .* cannot be read \(.*UTF8"):
        read_poses(path)
