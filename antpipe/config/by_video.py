"""Settings that differ from video to video."""

import unicodedata
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

T = TypeVar("T")

ALL = "*"


def _for_all(value: Any) -> Any:
    if value is None:
        return {}
    return value if isinstance(value, Mapping) else {ALL: value}


ByVideo = Annotated[dict[str, T], BeforeValidator(_for_all)]
"""A value for each video, by the video's name or a pattern of names such as `Col*`; one value alone is for all."""


def of_video(values: Mapping[str, T], video: str) -> T | None:
    """Return the value of a video: that of its name, else of the first pattern that fits; None where none fits."""
    name = _normal(video)
    exact = {_normal(pattern): value for pattern, value in values.items()}
    return exact.get(name, next((value for pattern, value in exact.items() if fnmatchcase(name, pattern)), None))


def only_for(values: Mapping[str, T], video: str) -> dict[str, T]:
    """Return the value of a video as that of all videos; nothing where none fits."""
    value = of_video(values, video)
    return {} if value is None else {ALL: value}


def fitting_none(values: Mapping[str, Any], videos: Mapping[str, Any]) -> list[str]:
    """Return the names and patterns that fit none of the videos."""
    names = [_normal(video) for video in videos]
    return [p for p in values if not any(_normal(p) == name or fnmatchcase(name, _normal(p)) for name in names)]


def _normal(name: str) -> str:
    # macOS stores letters and accents apart.
    return unicodedata.normalize("NFC", name)
