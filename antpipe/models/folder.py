"""Trained models from their folders: ours and SLEAP's."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import keras

from antpipe.config.model_types import MODEL_TYPES
from antpipe.config.sleap import read_document, read_sleap_config
from antpipe.errors import ModelError, reason
from antpipe.labels.hdf5_texts import check_texts
from antpipe.models.build import build_network
from antpipe.models.sleap_weights import UNREADABLE, load_sleap_weights, read_layers
from antpipe.models.spec import MODEL_FILE, SLEAP_CONFIG, SLEAP_WEIGHTS, WEIGHTS_FILE, ModelSpec, read_spec
from antpipe.poses import Skeleton

FIRST_LAYERS = ("stem0_conv0", "stem0_conv7x7_conv", "stack0_enc0_conv0")
"""SLEAP's names of the layer that sees the image, in a UNet with a stem, an hourglass, and all others."""


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A model with its weights."""

    spec: ModelSpec
    network: keras.Model
    folder: Path
    fingerprint: str
    """SHA-256 over settings and weights."""
    notes: tuple[str, ...] = ()


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
    # The file has all weights: those that training began with need not be there.
    backbone = spec.config.backbone.without_stored_weights()
    network = build_network(replace(spec, config=spec.config.model_copy(update={"backbone": backbone})), precision)
    try:
        with h5py.File(weights) as file:
            check_texts(weights, file)
        network.load_weights(weights)
    except UNREADABLE as error:
        raise ModelError(f"{weights}: the weights do not fit {MODEL_FILE} ({reason(error)})") from error
    return TrainedModel(
        spec=spec, network=network, folder=folder, fingerprint=_fingerprint(folder / MODEL_FILE, weights)
    )


def _load_sleap(folder: Path, precision: str) -> TrainedModel:
    sleap = read_sleap_config(folder / SLEAP_CONFIG)
    weights = folder / SLEAP_WEIGHTS
    layers = read_layers(weights)
    # SLEAP's settings do not say whether a network saw gray or colour; the first layer does.
    first = next((name for name in FIRST_LAYERS if name in layers), None)
    if first is None:
        raise ModelError(f"{weights}: none of the layers {list(FIRST_LAYERS)} is there; its backbone cannot be read")
    channels = layers[first][0].shape[2]
    config = sleap.model.model_copy(update={"input": sleap.model.input.model_copy(update={"channels": channels})})
    nodes = config.head.part_names or ()
    kind = MODEL_TYPES[sleap.model_type]
    if (kind.crops and sleap.crop_size is None) or (kind.nodes and not nodes):
        raise ModelError(f"{folder / SLEAP_CONFIG}: expected crop_size and part_names of a trained {sleap.model_type}")
    classes = config.head.classes_of(kind) or ()
    if kind.classes and not classes:
        raise ModelError(f"{folder / SLEAP_CONFIG}: expected the classes of a trained {sleap.model_type}, got none")
    edges = _sleap_edges(folder / SLEAP_CONFIG, tuple(nodes))
    if "pafs" in kind.heads and not edges:
        raise ModelError(f"{folder / SLEAP_CONFIG}: expected the edges of a trained {sleap.model_type}, got none")
    spec = ModelSpec(
        model_type=sleap.model_type,
        config=config,
        skeleton=Skeleton(nodes=tuple(nodes), edges=edges),
        crop_size=sleap.crop_size,
        classes=classes,
        from_sleap=True,
    )
    network = build_network(spec, precision)
    load_sleap_weights(network, weights)
    fingerprint = _fingerprint(folder / SLEAP_CONFIG, weights)
    return TrainedModel(spec=spec, network=network, folder=folder, fingerprint=fingerprint, notes=sleap.notes)


def _sleap_edges(path: Path, nodes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the body edges that a SLEAP configuration stores, where both ends are predicted."""
    document = read_document(path)
    bottom_up = document["model"]["heads"].get("multi_instance") or {}
    if edges := bottom_up.get("pafs", {}).get("edges"):
        # Part affinity fields come in this order, which need not be the skeleton's.
        return tuple((a, b) for a, b in edges if a in nodes and b in nodes)
    skeletons = document["data"]["labels"].get("skeletons") or []
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
