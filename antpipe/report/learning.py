"""A figure of how training went."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from antpipe.errors import ModelError, reason, shown
from antpipe.report.colours import BLUE, GREEN, PALETTE, VERMILLION, YELLOW, hexadecimal
from antpipe.report.figure import figure_to, shorten, show_logarithmic

# Without the yellow, which is hard to see as a line on white.
_NODE_COLOURS = tuple(hexadecimal(colour) for colour in PALETTE if colour != YELLOW)
_LINE_STYLES = ("-", "--", ":", "-.")


def plot_learning_curves(training_log_csv: str | Path, output_png: str | Path) -> None:
    """Draw loss and learning rate by epoch on logarithmic scales, with the best epoch marked.

    The best epoch has the lowest validation loss, or the lowest training loss where nothing was validated. Columns
    besides `epoch`, `loss`, `lr` and `val_loss` are validation losses of single nodes where they begin with `val_`.

    Raises:
        ModelError: if the log is missing, has no epoch yet or lacks the columns `epoch` and `loss`.
    """
    log = _read_log(training_log_csv)
    nodes = [name for name in log.columns if name.startswith("val_") and name != "val_loss" and log[name].notna().any()]
    with figure_to(output_png, 10.5 if nodes else 5.5, 4.5) as figure:
        grid = figure.add_gridspec(2, 2 if nodes else 1, height_ratios=[3, 1])
        above = figure.add_subplot(grid[0, 0])
        below = figure.add_subplot(grid[1, 0], sharex=above)
        _draw_loss(above, log)
        _draw_rate(below, log)
        above.tick_params(labelbottom=False)
        if nodes:
            _draw_nodes(figure.add_subplot(grid[:, 1]), log, nodes)


def _read_log(path: str | Path) -> pd.DataFrame:
    if not Path(path).is_file():
        raise ModelError(f"{path}: training log not found; train the model first")
    try:
        log = pd.read_csv(path)
    except ValueError as error:
        raise ModelError(f"{path}: expected a training log in CSV, but it cannot be read ({reason(error)})") from error
    missing = [name for name in ("epoch", "loss") if name not in log]
    if missing:
        raise ModelError(f"{path}: expected the columns epoch and loss, but {missing} are not among {shown(list(log))}")
    if log.empty:
        raise ModelError(f"{path}: the training log has no epoch yet")
    return log.apply(pd.to_numeric, errors="coerce")


def _draw_loss(axes: Axes, log: pd.DataFrame) -> None:
    _draw_line(axes, log, "loss", label="training", color=hexadecimal(BLUE), lw=1.5)
    judged = "loss"
    if "val_loss" in log and log["val_loss"].notna().any():
        _draw_line(axes, log, "val_loss", label="validation", color=hexadecimal(VERMILLION), lw=1.5)
        judged = "val_loss"
    if log[judged].notna().any():
        best = int(np.nanargmin(log[judged]))
        epoch, loss = log["epoch"][best], log[judged][best]
        label = f"best: epoch {epoch:.0f}, loss {loss:.3g}"
        axes.plot(epoch, loss, "o", ms=8, mfc="none", mec="black", mew=1.5, label=label)
    axes.set_ylabel("Loss")
    show_logarithmic(axes)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize=8, borderaxespad=0.2, columnspacing=1)


def _draw_rate(axes: Axes, log: pd.DataFrame) -> None:
    if "lr" in log:
        _draw_line(axes, log, "lr", color=hexadecimal(GREEN), lw=1.5, drawstyle="steps-post")
    axes.set_ylabel("Learning rate")
    show_logarithmic(axes)
    axes.set_xlabel("Epoch")


def _draw_nodes(axes: Axes, log: pd.DataFrame, nodes: list[str]) -> None:
    for i, name in enumerate(nodes):
        style = _LINE_STYLES[i // len(_NODE_COLOURS) % len(_LINE_STYLES)]
        label = shorten(name.removeprefix("val_"))
        _draw_line(axes, log, name, label=label, color=_NODE_COLOURS[i % len(_NODE_COLOURS)], ls=style, lw=1)
    axes.set_title("Validation loss of each body part")
    axes.set_ylabel("Loss")
    axes.set_xlabel("Epoch")
    show_logarithmic(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)


def _draw_line(axes: Axes, log: pd.DataFrame, column: str, **style: object) -> None:
    # A logarithmic axis has no place for zero.
    axes.plot(log["epoch"], log[column].where(log[column] > 0, np.nan), **style)  # type: ignore[arg-type]
