"""The growth point of exports."""

from collections.abc import Callable, Sequence
from pathlib import Path

from antpipe.export.source import PosesSource
from antpipe.registry import Registry

Exporter = Callable[[Sequence[PosesSource], Path], None]

EXPORTERS: Registry[Exporter] = Registry("export format", "antpipe.export.formats")
"""`exporter(sources, output)` writes all sources, at least one and each about another video, to `output`, whole or
not at all."""

DRAWN_ON_VIDEO = frozenset({"slp"})
"""Formats whose programs draw the points on the video that the file names: always that in which frames are found."""
