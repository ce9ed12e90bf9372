"""The JSON file beside a preprocessed video: where its pixels and frames come from."""

from pathlib import Path
from typing import Any

from antpipe.files import read_json


def read_sidecar(video: str | Path) -> dict[str, Any]:
    """Return what preprocess wrote beside a video; an empty dictionary beside a raw video."""
    path = Path(video).with_suffix(".json")
    if not path.is_file():
        return {}
    value = read_json(path)
    return value if isinstance(value, dict) and "to_raw" in value else {}
