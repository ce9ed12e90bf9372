"""Small label sets drawn by hand."""

from pathlib import Path

import cv2
import numpy as np
import sleap_io as sio

from antpipe.video.write import VideoWriter

NODES = ("head", "thorax", "tail")
EDGES = [("head", "thorax"), ("thorax", "tail")]


def draw_skeleton(nodes=NODES, edges=EDGES, symmetries=()):
    return sio.Skeleton(list(nodes), [tuple(e) for e in edges], [tuple(s) for s in symmetries], name="animal")


def draw_video(path="D:/videos/a.mp4"):
    return sio.Video(filename=path, open_backend=False)


def draw_instance(skeleton, at=0.0, *, predicted=False, track=None, source=None):
    """An animal whose node named n lies at (at + 10 * k, at), k its place in NODES, whatever the skeleton's order."""
    place = {n: i for i, n in enumerate(NODES)}
    points = np.array([[at + 10.0 * place.get(n, 9), at] for n in skeleton.node_names])
    if predicted:
        scored = np.column_stack([points, np.full(len(points), 0.5)])
        return sio.PredictedInstance.from_numpy(scored, skeleton=skeleton, score=0.9, track=track)
    return sio.Instance.from_numpy(points, skeleton=skeleton, track=track, from_predicted=source)


def draw_labels(frames, *, skeleton=None, video="D:/videos/a.mp4", predicted=()):
    """Labels of one video: {frame_idx: [positions of user instances]}."""
    skeleton = skeleton or draw_skeleton()
    film = draw_video(video)
    labeled = [
        sio.LabeledFrame(
            film,
            index,
            [draw_instance(skeleton, p) for p in positions]
            + [draw_instance(skeleton, p, predicted=True) for p in dict(predicted).get(index, [])],
        )
        for index, positions in frames.items()
    ]
    return sio.Labels(labeled_frames=labeled, videos=[film], skeletons=[skeleton])


def save(labels, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    labels.save(str(path), embed=False, verbose=False)
    return path


def draw_film(path: Path, *, gray=90, frames=6, crf=0) -> Path:
    """A film of 32x24 pixels whose frame n is all of one gray, `gray + 3 * n`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, width=32, height=24, fps=10, grayscale=True, crf=crf) as writer:
        for number in range(frames):
            writer.write(np.full((24, 32, 1), gray + 3 * number, np.uint8))
    return path


def draw_image(path: Path, gray=90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((24, 32), gray, np.uint8))
    return path


def contents(labels):
    """Everything a pose label file says, in order, independent of the order of nodes."""
    return [
        (frame.video.filename.rsplit("/", 1)[-1], int(frame.frame_idx), [_instance(i) for i in frame.instances])
        for frame in labels.labeled_frames
    ]


def _instance(instance):
    points = instance.points
    flags = [(p["name"], *map(float, p["xy"]), bool(p["visible"]), bool(p["complete"])) for p in points]
    return type(instance).__name__, sorted(flags)
