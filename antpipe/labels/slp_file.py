"""SLEAP label files as they lie on disk, checked with h5py alone before anything is read from them."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from antpipe.errors import LabelError
from antpipe.geometry import Array
from antpipe.labels.hdf5_texts import check_texts

NEWEST_FORMAT = 3.0
"""Format ids from here on lay the tables out in another way."""
MOST_FRAMES = 2**31
"""Frame indices from here on do not fit into a poses file; -1 in a file's unsigned column reads as one of these."""
PARTS = ("metadata", "videos_json", "tracks_json", "frames", "instances", "points", "pred_points")

# What h5py, json, numpy and sleap-io raise for a file that is cut short or damaged.
UNREADABLE = (
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    AssertionError,
)


def is_slp(path: str | Path) -> bool:
    """Return whether a file is a SLEAP label file by its suffix, or by what it holds."""
    if Path(path).suffix.lower() == ".slp":
        return True
    if not (Path(path).is_file() and h5py.is_hdf5(path)):
        return False
    with open_slp(path) as file:
        check_texts(path, file)
        return {"metadata", "frames", "instances"} <= set(file)


@contextlib.contextmanager
def open_slp(path: str | Path) -> Iterator[h5py.File]:
    """Yield a SLEAP label file, open for reading; whatever the block cannot make sense of is an error of the file.

    Raises:
        LabelError: if the file is missing, empty, no HDF5, or cut short.
    """
    problem = _not_hdf5(Path(path))
    if problem:
        raise LabelError(f"{path}: {problem}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def unreadable(path: str | Path, error: BaseException) -> LabelError:
    """Return the error for a label file that a library could not read."""
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return LabelError(
        f"{path}: expected a whole SLEAP label file, but it cannot be read ({reason}); take a copy that opens in SLEAP"
    )


def check_slp(path: str | Path) -> None:
    """Refuse a SLEAP label file that is damaged, or too new to be understood.

    sleap-io reads some damaged files without a word: tables that point beyond each other lose animals.

    Raises:
        LabelError: in one sentence.
    """
    with open_slp(path) as file:
        check_texts(path, file)
        problem = _find_problem(file)
    if problem:
        raise LabelError(f"{path}: {problem}")


def read_table(file: h5py.File, name: str) -> Array:
    """Return a table with named columns, also from a file that the browser version of HDF5 wrote."""
    table = file[name]
    rows = table[()]
    if rows.dtype.names is None and "field_names" in table.attrs:
        names = json.loads(table.attrs["field_names"])
        return np.rec.fromarrays(list(rows.T), names=names)
    return rows


def read_metadata(file: h5py.File) -> dict[str, Any]:
    """Return the JSON with the skeletons and the nodes of all of them."""
    return json.loads(file["metadata"].attrs["json"])


def has_images(path: str | Path) -> bool:
    """Return whether images are embedded in the file (`.pkg.slp`)."""
    with open_slp(path) as file:
        return any(name.startswith("video") and isinstance(item, h5py.Group) for name, item in file.items())


def _not_hdf5(path: Path) -> str | None:
    if path.is_dir():
        return "expected a label file, got a folder; name a file in it"
    if not path.is_file():
        return "label file not found; check the path"
    if path.stat().st_size == 0:
        return "expected a whole SLEAP label file, but the file is empty; save it again in SLEAP"
    if not h5py.is_hdf5(path):
        return "expected a whole SLEAP label file, but this is not HDF5; save it again in SLEAP"
    return None


def _find_problem(file: h5py.File) -> str | None:
    missing = [part for part in PARTS if part not in file]
    if missing:
        return (
            f"expected a whole SLEAP label file, but it cannot be read (no {', '.join(missing)} inside); the program "
            "that saved it was interrupted, or it is another kind of HDF5 file"
        )
    format_id = float(file["metadata"].attrs.get("format_id", 1.0))
    if not format_id < NEWEST_FORMAT:
        return (
            f"expected a SLEAP label file of a format below {NEWEST_FORMAT:g}, got {format_id:g}, which is newer than "
            "this program; save it again with an older SLEAP"
        )
    frames, instances = read_table(file, "frames"), read_table(file, "instances")
    broken = _broken_link(file, frames, instances)
    if broken:
        return f"expected a whole SLEAP label file, but {broken}; take a copy that opens in SLEAP"
    far = frames["frame_idx"][(frames["frame_idx"] < 0) | (frames["frame_idx"] >= MOST_FRAMES)]
    if len(far):
        # Unsigned columns cannot hold what was meant.
        meant = int(far[:1].astype(np.uint64).astype(np.int64)[0])
        return f"expected frame indices from 0 to {MOST_FRAMES - 1}, got {meant}; remove that frame in SLEAP"
    return None


def _broken_link(file: h5py.File, frames: Array, instances: Array) -> str | None:
    """Return what is wrong where a table points to rows of another that are not there."""
    predicted = instances["instance_type"] == 1
    if not (predicted | (instances["instance_type"] == 0)).all():
        return "some instances are neither a person's nor predicted"
    if len(np.unique(instances["instance_id"])) < len(instances):
        return "several instances have the same number"
    metadata = read_metadata(file)
    # A skeleton stands alone, or with its picture.
    nodes = np.array([len(skeleton.get("nx_graph", skeleton)["nodes"]) for skeleton in metadata["skeletons"]], int)
    if not _within(instances["skeleton"], 0, len(nodes)):
        return "instances belong to a skeleton that is not there"
    lengths = np.where(predicted, len(file["pred_points"]), len(file["points"]))
    start, end = (instances[f"point_id_{side}"].astype(np.int64) for side in ("start", "end"))
    if (end > lengths).any() or (end - start != nodes[instances["skeleton"].astype(int)]).any() or (start < 0).any():
        return "instances point to nodes that are not there"
    start, end = (frames[f"instance_id_{side}"].astype(np.int64) for side in ("start", "end"))
    if not (_within(end, 0, len(instances) + 1) and _within(start, 0, len(instances) + 1) and (start <= end).all()):
        return "frames point to instances that are not there"
    if not _within(instances["track"], -1, len(file["tracks_json"])):
        return "instances belong to tracks that are not there"
    if not np.isin(instances["from_predicted"], np.append(instances["instance_id"], -1)).all():
        return "instances stem from predictions that are not there"
    return None


def _within(values: Array, low: int, high: int) -> bool:
    return bool(((values >= low) & (values < high)).all())
