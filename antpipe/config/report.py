"""Settings of the report."""

from typing import Annotated

from pydantic import Field

from antpipe.config.base import Section


class ReportConfig(Section):
    """How overlay videos look and how long they are."""

    overlay_seconds: Annotated[float, Field(gt=0)] | None = 60.0
    """Only this much film from the first frame examined is drawn. None: all of it."""
    overlay_width: Annotated[int, Field(ge=16)] | None = 1920
    """Wider videos are shrunk to this width in pixels. None: as they are."""
    trail_seconds: Annotated[float, Field(ge=0)] = 2.0
    """How far back the fading trail behind each tracked animal reaches. 0: no trails."""
    track_names: bool = True
    """Whether the track's name is written beside each animal."""
    scores: bool = False
    """Whether the score of each instance is written beside it."""
