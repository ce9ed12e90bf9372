"""The JSON file beside a preprocessed video: where its pixels and frames come from."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from antpipe.errors import VideoError, reason
from antpipe.files import read_json

Number = Annotated[int, Field(ge=0, le=2**31)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Record(dict[str, Any]):
    """What a sidecar says; an entry that it lacks is an error that names the file."""

    def __init__(self, path: Path, entries: dict[str, Any]) -> None:
        super().__init__({k: Record(path, v) if isinstance(v, dict) else v for k, v in entries.items()})
        self._path = path

    def __missing__(self, key: str) -> Any:
        raise VideoError(f"{self._path}: expected an entry {key!r}, got {sorted(self)}; preprocess the video again")


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Map(_Part):
    scale: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=2)] = [1, 1]
    offset: Annotated[list[float], Field(min_length=2, max_length=2)] = [0, 0]


class _Film(_Part):
    path: Text = ""
    width: Number = 0
    height: Number = 0
    fps: Annotated[float, Field(gt=0)] = 1
    frame_count: Number = 0
    variable_frame_rate: bool = False
    size_bytes: Annotated[int, Field(ge=0)] = 0
    fingerprint: str = ""


class _Sidecar(_Part):
    """The entries that are used, each as preprocess writes it."""

    source: _Film = Field(default_factory=_Film)
    output: _Film = Field(default_factory=_Film)
    to_raw: _Map
    first_raw_frame: Number = 0
    first_raw_time_s: float = 0
    keeps_frame_numbers: bool = True


def read_sidecar(video: str | Path) -> dict[str, Any]:
    """Return what preprocess wrote beside a video; an empty dictionary beside a raw video.

    Raises:
        VideoError: if the file is damaged; also later, when an entry is asked for that it lacks.
    """
    path = Path(video).with_suffix(".json")
    if not path.is_file():
        return {}
    try:
        value = read_json(path)
        if not (isinstance(value, dict) and "to_raw" in value):
            return {}
        _Sidecar.model_validate(value)
    except ValueError as error:
        raise VideoError(
            f"{path}: expected what preprocess writes beside a video, but it cannot be read ({reason(error)}); "
            "preprocess the video again, or give a file that is not antpipe's another name"
        ) from error
    return Record(path, value)
