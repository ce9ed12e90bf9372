"""What a run folder keeps for its pictures: a few examples, and the median animal."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from antpipe.config.model_types import MODEL_TYPES
from antpipe.files import atomic_path
from antpipe.geometry import Array, bounding_boxes
from antpipe.models.inputs import crop_image
from antpipe.models.spec import ModelSpec
from antpipe.training.assess import Assessment
from antpipe.training.samples import LabelledFrame
from antpipe.training.sight import Sight, median_animal

EXAMPLES = 12
EXAMPLES_FILE = "examples.npz"
MARGIN = 1.2
"""Of the picture of the median animal, around what is to be seen."""

Arrays = dict[str, Array]


def example_arrays(frames: Sequence[LabelledFrame], result: Assessment, spec: ModelSpec) -> Arrays:
    """Return a few images with true and predicted points: crops of animals, or whole frames for models of those."""
    step = max(len(frames) // EXAMPLES, 1)
    arrays: Arrays = {}
    for number, index in enumerate(range(0, len(frames), step)[:EXAMPLES]):
        image, corner = _window(frames[index], spec)
        arrays[f"image_{number}"] = image
        arrays[f"truth_{number}"] = result.truth[index] - corner
        arrays[f"predicted_{number}"] = result.predicted[index] - corner
        arrays[f"title_{number}"] = np.array(f"{frames[index].video} frame {frames[index].frame_idx}")
    return arrays


def sight_arrays(frames: Sequence[LabelledFrame], spec: ModelSpec, sight: Sight) -> Arrays:
    """Return the surroundings of the median animal, its points in them, and the sizes to be drawn there.

    Sizes are in pixels of the video, like the image.
    """
    frame, points = median_animal(frames, spec)
    (box,) = bounding_boxes(points[None])
    scale = spec.config.input.scale
    side = int(min(np.ceil(MARGIN * max(sight.field, sight.animal, 1.0) / scale), max(frame.size)))
    image, corner = _square(frame, (box[:2] + box[2:]) / 2, side)
    return {
        "sight_image": image,
        "sight_points": points - corner,
        "sight_field": np.array(sight.field / scale),
        "sight_animal": np.array(sight.animal / scale),
        "sight_scale": np.array(scale),
        "sight_title": np.array(f"{frame.video} frame {frame.frame_idx}"),
    }


def write_examples(folder: Path, arrays: Arrays) -> None:
    """Write the arrays to the run folder."""
    with atomic_path(folder / EXAMPLES_FILE) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _window(frame: LabelledFrame, spec: ModelSpec) -> tuple[Array, Array]:
    """Return the part of a frame to show, and its first pixel: all of it, or the surroundings of the first animal."""
    boxes = bounding_boxes(frame.points)
    if not MODEL_TYPES[spec.model_type].crops or np.isnan(boxes).all():
        return frame.image, np.zeros(2)
    box = boxes[~np.isnan(boxes).any(axis=1)][0]
    return _square(frame, (box[:2] + box[2:]) / 2, round((spec.crop_size or 0) / spec.config.input.scale))


def _square(frame: LabelledFrame, middle: Array, side: int) -> tuple[Array, Array]:
    corner = np.round(middle - side / 2).astype(int)
    return crop_image(frame.image, int(corner[0]), int(corner[1]), side), corner
