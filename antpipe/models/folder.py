"""Trained models from their folders: ours and SLEAP's."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import keras
from pydantic import ValidationError

from antpipe.config.model import ModelConfig
from antpipe.config.sleap import read_sleap_config
from antpipe.errors import ModelError
from antpipe.files import read_json, write_json
from antpipe.geometry import Transform, resize_transform
from antpipe.models.build import build_network
from antpipe.models.sleap_weights import load_sleap_weights, read_layers
from antpipe.poses import Skeleton

MODEL_FILE = "model.json"
WEIGHTS_FILE = "best.weights.h5"
SLEAP_CONFIG, SLEAP_WEIGHTS = "training_config.json", "best_model.h5"


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """All that is needed to build a model and to run it, without its weights."""

    model_type: str
    config: ModelConfig
    skeleton: Skeleton
    """The nodes that the model predicts, in the order of its maps."""
    crop_size: int | None
    """Side of the crop in pixels after scaling; None for models of whole frames."""
    offset_head: bool = False
    """True for a SLEAP model that also predicts offsets of peaks; only SLEAP's geometry uses them."""
    from_sleap: bool = False
    """True for a model trained by SLEAP, whose points were scaled about the pixel centre (0, 0)."""

    @property
    def maps(self) -> int:
        """Number of confidence maps."""
        return 1 if self.model_type == "centroid" else len(self.skeleton.nodes)

    @property
    def stride(self) -> int:
        """Input pixels per cell of the maps."""
        return self.config.head.output_stride

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (width, height) of a frame of `size` after scaling."""
        scale = self.config.input.scale
        # SLEAP cuts the decimals off; ours rounds, so that the factor stays closest to what was asked for.
        return tuple(max(int(s * scale) if self.from_sleap else round(s * scale), 1) for s in size)  # type: ignore[return-value]

    def input_transform(self, size: tuple[int, int]) -> Transform:
        """Return the map from pixels of a frame of `size` (width, height) to pixels of the scaled frame."""
        if self.from_sleap:
            return Transform(scale=(self.config.input.scale, self.config.input.scale))
        return resize_transform(size, self.input_size(size))


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A model with its weights."""

    spec: ModelSpec
    network: keras.Model
    folder: Path
    fingerprint: str
    """SHA-256 over settings and weights."""
    notes: tuple[str, ...] = ()


def write_spec(folder: str | Path, spec: ModelSpec, versions: dict[str, str]) -> None:
    """Write model.json, which together with the weights makes a model folder."""
    value = {
        "model_type": spec.model_type,
        "crop_size": spec.crop_size,
        "skeleton": {k: [list(v) if isinstance(v, tuple) else v for v in vs] for k, vs in vars(spec.skeleton).items()},
        "config": spec.config.model_dump(mode="json"),
        "versions": versions,
    }
    write_json(Path(folder) / MODEL_FILE, value)


def read_spec(folder: str | Path) -> ModelSpec:
    """Return what model.json of one of our run folders says.

    Raises:
        ModelError: if the file is missing or not as we write it.
    """
    path = Path(folder) / MODEL_FILE
    if not path.is_file():
        raise ModelError(f"{folder}: not a model folder; expected {MODEL_FILE} (ours) or {SLEAP_CONFIG} (SLEAP's)")
    try:
        value = read_json(path)
        skeleton = value["skeleton"]
        return ModelSpec(
            model_type=value["model_type"],
            config=ModelConfig.model_validate(value["config"]),
            skeleton=Skeleton(
                nodes=tuple(skeleton["nodes"]),
                edges=tuple((a, b) for a, b in skeleton["edges"]),
                symmetries=tuple((a, b) for a, b in skeleton["symmetries"]),
            ),
            crop_size=value["crop_size"],
        )
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise ModelError(f"{path}: cannot be read as a model's settings ({error})") from error


def load_model(folder: str | Path, precision: str | None = None) -> TrainedModel:
    """Return the trained model in a folder, ours or SLEAP's.

    Args:
        folder: a run folder of ours (model.json, best.weights.h5) or of SLEAP (training_config.json, best_model.h5).
        precision: arithmetic of the layers; float32 by default, whatever the model was trained in.

    Raises:
        ModelError: if the folder holds no model, or its weights do not fit its settings.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"{folder}: model folder not found")
    if (folder / MODEL_FILE).is_file():
        return _load_ours(folder, precision or "float32")
    if (folder / SLEAP_CONFIG).is_file():
        return _load_sleap(folder, precision or "float32")
    raise ModelError(f"{folder}: not a model folder; expected {MODEL_FILE} (ours) or {SLEAP_CONFIG} (SLEAP's)")


def _load_ours(folder: Path, precision: str) -> TrainedModel:
    spec = read_spec(folder)
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        raise ModelError(f"{weights}: weights not found; train the model, or copy the whole run folder")
    network = build_network(spec.config, spec.model_type, spec.maps, precision)
    try:
        network.load_weights(weights)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{weights}: the weights do not fit {MODEL_FILE} ({error})") from error
    return TrainedModel(
        spec=spec, network=network, folder=folder, fingerprint=_fingerprint(folder / MODEL_FILE, weights)
    )


def _load_sleap(folder: Path, precision: str) -> TrainedModel:
    sleap = read_sleap_config(folder / SLEAP_CONFIG)
    weights = folder / SLEAP_WEIGHTS
    layers = read_layers(weights)
    # SLEAP's settings do not say whether a network saw gray or colour; the first layer does.
    kernel = layers["stem0_conv0" if "stem0_conv0" in layers else "stack0_enc0_conv0"][0]
    config = sleap.model.model_copy(
        update={"input": sleap.model.input.model_copy(update={"channels": kernel.shape[2]})}
    )
    nodes = config.head.part_names or ()
    if sleap.model_type == "centered_instance" and (sleap.crop_size is None or not nodes):
        raise ModelError(f"{folder / SLEAP_CONFIG}: expected crop_size and part_names of a trained centered_instance")
    spec = ModelSpec(
        model_type=sleap.model_type,
        config=config,
        skeleton=Skeleton(nodes=tuple(nodes), edges=_sleap_edges(folder / SLEAP_CONFIG, tuple(nodes))),
        crop_size=sleap.crop_size,
        offset_head=sleap.offset_head,
        from_sleap=True,
    )
    network = build_network(config, spec.model_type, spec.maps, precision, offsets=spec.offset_head)
    load_sleap_weights(network, weights)
    fingerprint = _fingerprint(folder / SLEAP_CONFIG, weights)
    return TrainedModel(spec=spec, network=network, folder=folder, fingerprint=fingerprint, notes=sleap.notes)


def _sleap_edges(path: Path, nodes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the body edges that a SLEAP configuration stores, where both ends are predicted."""
    skeletons = read_json(path)["data"]["labels"].get("skeletons") or []
    if not skeletons:
        return ()
    # Imported here: only SLEAP's folders need it.
    from sleap_io.io.skeleton import SkeletonDecoder

    decoded = SkeletonDecoder().decode(json.dumps(skeletons[:1]))
    skeleton = decoded[0] if isinstance(decoded, list) else decoded
    edges = [(edge.source.name, edge.destination.name) for edge in skeleton.edges]
    return tuple((a, b) for a, b in edges if a in nodes and b in nodes)


def _fingerprint(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
