"""What each format holds, read by other programs or from its documented layout."""

import csv
import json

import h5py
import numpy as np
import pandas as pd
import sleap_io as sio

from antpipe.geometry import bounding_boxes

Found = list[tuple[int, str, tuple[float | None, ...]]]
"""Per instance: frame, track (empty for none), x and y of all nodes; None where not visible."""


def read_parquet(path, nodes) -> Found:
    frame = pd.read_parquet(path)
    xy = frame[[f"{node}.{axis}" for node in nodes for axis in "xy"]].to_numpy()
    return _found(frame["frame_idx"], frame["track"].astype(object).where(frame["track"].notna(), None), xy)


def read_parquet_long(path, nodes) -> Found:
    return _from_long(pd.read_parquet(path), nodes)


def read_csv(path, nodes) -> Found:
    with open(path, newline="", encoding="utf-8") as file:
        return _from_long(pd.DataFrame(list(csv.DictReader(file)), columns=_header(path)), nodes)


def read_slp(path, nodes) -> Found:
    labels = sio.load_slp(str(path), open_videos=False)
    assert labels.skeleton.node_names == list(nodes)
    rows = [(f.frame_idx, i.track.name if i.track else None, i.numpy().ravel()) for f in labels for i in f]
    return _found(*zip(*rows, strict=True)) if rows else []


def read_analysis_h5(path, nodes) -> Found:
    with h5py.File(path) as file:
        names = [name.decode() for name in file["track_names"]]
        assert [name.decode() for name in file["node_names"]] == list(nodes)
        frames, tracks = np.nonzero(file["track_occupancy"][()])
        xy = file["tracks"][()].transpose(3, 0, 2, 1)[frames, tracks].reshape(len(frames), 2 * len(nodes))
        return _found(frames, [names[i] for i in tracks], xy)


def read_nwb(path, nodes) -> Found:
    """Containers may be named otherwise than nodes and tracks; their order among the nodes is the skeleton's."""
    with h5py.File(path) as file:
        module = file["processing/behavior"]
        about = json.loads(file["general/notes"].asstr()[()])
        assert about["skeleton"]["nodes"] == list(nodes)
        series = module["Skeletons/animal/nodes"].asstr()[()]
        rows = []
        for name in module.get("scores", ()):
            here = ~np.isnan(module["scores"][name]["data"][:, 2])
            xy = np.stack([module[name][node]["data"][()] for node in series], axis=1)[here]
            start = round(module["scores"][name]["starting_time"][()] * about["video"]["fps"])
            rows += [
                (start + frame, name, points.ravel()) for frame, points in zip(np.flatnonzero(here), xy, strict=True)
            ]
        return _found(*zip(*rows, strict=True)) if rows else []


def read_coco(path, nodes) -> Found:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["categories"][0]["keypoints"] == list(nodes)
    frames = {image["id"]: image["frame_idx"] for image in content["images"]}
    rows = []
    for item in content["annotations"]:
        points = np.array(item["keypoints"], float).reshape(-1, 3)
        points[points[:, 2] == 0] = np.nan
        rows.append((frames[item["image_id"]], item.get("track"), points[:, :2].ravel()))
    return _found(*zip(*rows, strict=True)) if rows else []


def read_mot(path, nodes) -> Found:
    """Corners of boxes in place of nodes."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2).reshape(-1, 10)
    assert (rows[:, 7:] == -1).all()
    corners = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1) - 1
    return _found(rows[:, 0] - 1, [str(i) if i > 0 else None for i in rows[:, 1].astype(int)], corners)


READ_BACK = {name.removeprefix("read_"): read for name, read in list(globals().items()) if name.startswith("read_")}


def _header(path):
    return path.read_text(encoding="utf-8").splitlines()[0].split(",")


def _from_long(frame: pd.DataFrame, nodes) -> Found:
    assert frame["part_name"].tolist() == list(nodes) * (len(frame) // len(nodes))
    xy = frame[["x_pos", "y_pos"]].astype(float).to_numpy().reshape(-1, 2 * len(nodes))
    first = frame.iloc[:: len(nodes)]
    track = first["track_id"].astype(object)
    return _found(first["frame_idx"].astype(int), track.where(track.notna(), None), xy)


def _found(frames, tracks, xy) -> Found:
    rows = zip(frames, tracks, np.asarray(xy, np.float32), strict=True)
    return [(int(f), track or "", tuple(None if np.isnan(v) else v for v in p.tolist())) for f, track, p in rows]


def as_held(name: str, poses) -> Found:
    """What a format is to hold of poses."""
    if name != "mot":
        return _found(poses.frame_idx, poses.track, poses.points.reshape(len(poses), 2 * poses.points.shape[1]))
    boxes = bounding_boxes(poses.points)
    seen = ~np.isnan(boxes[:, 0])
    return _found(poses.frame_idx[seen], poses.track[seen], boxes[seen])
