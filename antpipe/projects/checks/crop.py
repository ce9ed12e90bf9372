"""Crops: the part of the picture that is kept, and the windows around animals."""

from collections.abc import Iterator

from antpipe.config.model_types import MODEL_TYPES
from antpipe.config.preprocess import crop_box
from antpipe.projects.measures import median_side
from antpipe.projects.note import Note, error, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS

STRANGE = 2.5
"""An animal so many times longer than the median is more often a wrong label than a long animal."""


@CHECKS.register("crop")
def check_crop(project: Project) -> Iterator[Note]:
    """Say which videos are smaller than what is to be cut from them, and how large the windows around animals are."""
    yield from _pictures(project)
    if project.simulated:
        return
    sizes = _kept_sizes(project)
    smallest = min((max(size) for size in sizes.values()), default=None)
    for name, model in project.config.models.chosen.items():
        if not MODEL_TYPES[name].crops:
            continue
        scale, stride = model.input.scale * project.config.preprocess.scale, model.backbone.max_stride
        size = model.input.crop_size or project.animals.crop_size(model.input.crop_padding, stride)
        if model.input.crop_size is None:
            size = round(size * scale)
        text = f"windows of {name} are {'about ' * (scale != 1)}{size} pixels wide"
        if smallest is not None and size > smallest * scale:
            yield error(
                "crop", f"{text}, more than a frame ({round(smallest * scale)}); give a smaller input.crop_size"
            )
        else:
            yield ok("crop", text)
    longest, place = project.animals.longest()
    usual = median_side(project.animals.sides())
    if longest > STRANGE * usual > 0:
        yield warning(
            "crop",
            f"the longest animal, in {place}, is {longest:.0f} pixels long, the median {usual:.0f}; it sets the size "
            "of the windows, so look whether it is labelled right, or give input.crop_size",
        )


def _pictures(project: Project) -> Iterator[Note]:
    crop = project.config.preprocess.crop
    for video in project.sound_videos.values() if crop is not None else ():
        width, height, x, y = crop_box(crop or (), (video.width, video.height))
        if x + width > video.width or y + height > video.height or min(width, height) < 2:
            yield error(
                "crop",
                f"{video.path}: preprocess.crop asks for {width}x{height} pixels at ({x}, {y}), but the frame is "
                f"{video.width}x{video.height}; change it",
            )


def _kept_sizes(project: Project) -> dict[str, tuple[int, int]]:
    """Return width and height of what is kept of each video, before scaling."""
    crop = project.config.preprocess.crop
    sizes = {name: (video.width, video.height) for name, video in project.sound_videos.items()}
    return sizes if crop is None else {name: crop_box(crop, size)[:2] for name, size in sizes.items()}
