"""A figure of every track's trajectory through the scene."""

from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from antpipe.export.tracks import track_names
from antpipe.geometry import Array
from antpipe.poses import Poses
from antpipe.report.colours import Colour, hexadecimal, track_colours
from antpipe.report.figure import figure_to, shorten
from antpipe.report.trajectories_ground import Ground, show_scene

_LONGEST_GAP_S = 0.5
"""A trajectory is not drawn across a longer time without the animal."""
_NAMES_SHOWN = 12
_ENDS_SHOWN = 60
_SHIFT = 4
"""Bits below the pixel: OpenCV takes coordinates in 1/16 pixel."""


def plot_trajectories(ground: Ground, output_png: str | Path) -> None:
    """Draw the trajectory of each track in its colour over the empty scene; a dot is where it ends.

    A trajectory breaks where the animal was not found for half a second. The poses are read as a stream.
    """
    colours = track_colours(track_names(ground.source.path))
    image, ends = _draw_all(ground, colours)
    with figure_to(output_png, 7.2, 5.3 * image.shape[0] / image.shape[1] + 0.8) as figure:
        figure.set_layout_engine("compressed")  # for axes whose shape is fixed
        axes = figure.add_subplot()
        show_scene(axes, image, ground)
        _mark_ends(axes, ground, ends, colours)
        axes.set_title(f"{len(colours)} {'trajectory' if len(colours) == 1 else 'trajectories'}")
        if 0 < len(colours) <= _NAMES_SHOWN:
            handles = [Line2D([], [], color=hexadecimal(c), lw=2, label=shorten(n)) for n, c in colours.items()]
            axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)


def _draw_all(ground: Ground, colours: dict[str, Colour]) -> tuple[Array, dict[str, Array]]:
    """Return the scene with all trajectories on it, and where each ends."""
    image = ground.image.copy()
    longest = max(1, round(_LONGEST_GAP_S * ground.source.info.video.fps))
    thickness = max(1, round(max(image.shape) / 600))
    last: dict[str, Array] = {}
    for poses, places in ground.places():
        for name, way in _by_track(poses, places).items():
            whole = np.concatenate([last[name][None], way]) if name in last else way
            for piece in np.split(whole, np.flatnonzero(np.diff(whole[:, 0]) > longest) + 1):
                _draw_way(image, piece[:, 1:], colours[name], thickness)
            last[name] = whole[-1]
    return image, {name: place[1:] for name, place in last.items()}


def _by_track(poses: Poses, places: Array) -> dict[str, Array]:
    """Return by track the (frame, x, y) of its places."""
    seen = np.array([name is not None for name in poses.track], bool) & ~np.isnan(places).any(axis=1)
    rows, names = np.column_stack([poses.frame_idx, places])[seen], poses.track[seen]
    kinds, which = np.unique(names.astype(str), return_inverse=True)
    order = np.argsort(which, kind="stable")
    parts = np.split(rows[order], np.cumsum(np.bincount(which, minlength=len(kinds)))[:-1])
    return dict(zip(kinds.tolist(), parts, strict=True)) if len(kinds) else {}


def _draw_way(image: Array, way: Array, colour: Colour, thickness: int) -> None:
    # Beyond this OpenCV's integers overflow.
    near = np.clip(way, -4 * max(image.shape), 4 * max(image.shape))
    fixed = np.rint(near * 2**_SHIFT).astype(np.int32)
    cv2.polylines(image, [fixed[:, None]], False, colour, thickness, cv2.LINE_AA, _SHIFT)


def _mark_ends(axes: Axes, ground: Ground, ends: dict[str, Array], colours: dict[str, Colour]) -> None:
    limits = axes.axis()
    for name, place in ends.items() if len(ends) <= _ENDS_SHOWN else ():
        x, y = ground.to_unit(place)
        axes.plot(x, y, "o", ms=4, mfc=hexadecimal(colours[name]), mec="white" if ground.dark else "black", mew=0.6)
    axes.axis(limits)
