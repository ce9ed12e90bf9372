"""The pictures of a training run."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ModelError
from antpipe.geometry import Array
from antpipe.models.spec import read_spec
from antpipe.poses import Skeleton
from antpipe.report.learning import plot_learning_curves
from antpipe.report.receptive_field import plot_receptive_field
from antpipe.report.samples import plot_examples


def draw_run(folder: str | Path) -> None:
    """Draw `learning_curves.png`, `examples.png` and `receptive_field.png` into a run folder.

    Raises:
        ModelError: if the folder is not a finished run.
    """
    folder = Path(folder)
    if not (folder / "examples.npz").is_file():
        raise ModelError(f"{folder}: not a finished run folder; expected examples.npz, as antpipe train writes it")
    spec = read_spec(folder)
    with np.load(folder / "examples.npz", allow_pickle=False) as stored:
        arrays = dict(stored)
    if "sight_field" not in arrays:
        raise ModelError(f"{folder}/examples.npz: expected the receptive field of the network; train the model again")
    skeleton = spec.skeleton if MODEL_TYPES[spec.model_type].nodes else Skeleton(nodes=("centroid",))
    plot_learning_curves(folder / "training_log.csv", folder / "learning_curves.png")
    _draw_examples(arrays, skeleton, folder / "examples.png")
    plot_receptive_field(
        arrays["sight_image"],
        arrays["sight_points"],
        float(arrays["sight_field"]),
        float(arrays["sight_animal"]),
        float(arrays["sight_scale"]),
        folder / "receptive_field.png",
        title=str(arrays["sight_title"]),
    )


def _draw_examples(arrays: Mapping[str, Array], skeleton: Skeleton, output_png: Path) -> None:
    count = sum(name.startswith("image_") for name in arrays)
    images, truth, predicted = (
        [arrays[f"{kind}_{i}"] for i in range(count)] for kind in ("image", "truth", "predicted")
    )
    titles = [str(arrays[f"title_{i}"]) for i in range(count)]
    plot_examples(images, truth, predicted, skeleton, output_png, titles=titles)
