"""A small lab: two films, and labels of twenty-five frames of each."""

from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.video.write import VideoWriter

NODES = ("head", "thorax", "tail")
POSE = np.array([[0.0, 0.0], [10.0, 1.0], [22.0, 0.0]])


def draw_film(path, frames=60, size=(64, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(0).integers(0, 255, size[::-1], np.uint8)
    with VideoWriter(str(path), width=size[0], height=size[1], fps=10, grayscale=True) as writer:
        for step in range(frames):
            writer.write(np.roll(image, step, axis=1))


def draw_labels(path, videos=("D:/lab/one.mp4", "D:/lab/two.mp4"), nodes=NODES, frames=25, pose=POSE, animals=3):
    """Write labels in which the tail of every third animal is not visible."""
    path.parent.mkdir(parents=True, exist_ok=True)
    skeleton = sio.Skeleton(list(nodes), [(nodes[0], nodes[1])])
    films = [sio.Video(filename=name, open_backend=False) for name in videos]
    labelled = []
    for film in films:
        for index in range(frames):
            poses = [pose[: len(nodes)] + np.array([8 + 6 * number, 6 + 10 * number]) for number in range(animals)]
            if animals > 2:
                poses[2][-1] = np.nan
            instances = [sio.Instance.from_numpy(points, skeleton=skeleton) for points in poses]
            labelled.append(sio.LabeledFrame(film, 2 * index, instances))
    labels = sio.Labels(labeled_frames=labelled, videos=films, skeletons=[skeleton])
    labels.save(str(path), embed=False, verbose=False)


def draw_lab(folder: Path) -> None:
    """Draw the films and the labels into a folder."""
    for name in ("one", "two"):
        draw_film(folder / "films" / f"{name}.mp4")
    draw_labels(folder / "labels" / "first.slp")
