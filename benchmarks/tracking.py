"""Trackers side by side on films whose animals are known: HOTA, IDF1, MOTA, identity switches, as markdown tables."""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from tracking_films import Film, real_films, simulated_films
from tracking_methods import all_trackers

from antpipe.evaluation.similarity import SIMILARITIES
from antpipe.evaluation.tracking import tracking_metrics

COLUMNS = ("HOTA", "IDF1", "MOTA", "id_switches", "fragments", "tracks")
OURS = "antpipe"
DATA = Path(__file__).parent.parent / ".." / "shared" / "data"


def main() -> None:
    """Track every film with every tracker and print a table per film, and then what was best where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", nargs="*", help="only films with one of these texts in their names")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the simulated films; settings were chosen on those of 0"
    )
    parser.add_argument("--pixels", action="store_true", help="also the methods that read videos")
    options = parser.parse_args()
    data = Path(os.environ.get("ANTPIPE_SHARED_DATA", DATA))
    real = list(real_films(data)) if data.is_dir() else []
    if not real:
        print(f"{data} is not there: simulated films alone", file=sys.stderr)
    best = []
    for name, makes in [*real, *simulated_films(options.seed)]:
        if not options.films or any(text in name for text in options.films):
            films = [make() for make in makes]
            results = mean([compare(film, pixels=options.pixels) for film in films])
            print(film_table(films[0], results), flush=True)
            best.append((name, results))
    print(summary(best))


def mean(results: list[dict[str, dict]]) -> dict[str, dict]:
    """Return the mean of each figure of each tracker over films of one kind."""
    if len(results) == 1:
        return results[0]
    return {
        name: {key: float(np.mean([of_film[name][key] for of_film in results])) for key in (*COLUMNS, "seconds")}
        for name in results[0]
    }


def compare(film: Film, *, pixels: bool) -> dict[str, dict]:
    """Return the metrics of all trackers on a film, and the seconds that each took."""
    results = {}
    for name, tracker in all_trackers(film, pixels=pixels):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            tracks = tracker(film)
        seconds = time.perf_counter() - start
        results[name] = {**measure(film, tracks), "seconds": seconds}
        print(f"{film.name}: {name}: {seconds:.1f} s", file=sys.stderr)
    return results


def measure(film: Film, tracks: np.ndarray) -> dict:
    """Return the metrics of tracks (rows,) against the truth."""
    poses = film.detections
    kept = np.flatnonzero((tracks != None) & ~np.isnan(poses.points[..., 0]).all(axis=1))  # noqa: E711
    bounds = np.searchsorted(poses.frame_idx[kept], np.arange(len(film.truth) + 1))
    frames = [kept[bounds[i] : bounds[i + 1]] for i in range(len(film.truth))]
    tracked = [(list(tracks[rows]), poses.points[rows].astype(float)) for rows in frames]
    return tracking_metrics(film.truth, tracked, similarity=SIMILARITIES[film.similarity])


def film_table(film: Film, results: dict[str, dict]) -> str:
    """Return the results of one film as a markdown table."""
    lines = [
        f"\n**{film.name}**: {film.animals} identities, {len(film.truth)} frames, {len(film.detections)} instances\n",
        "| tracker | HOTA | IDF1 | MOTA | switches | fragments | tracks | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {name} | {_cells(result)} | {result['seconds']:.1f} |" for name, result in results.items()]
    return "\n".join(lines)


def summary(films: list[tuple[str, dict[str, dict]]]) -> str:
    """Return a table with the best of SLEAP's methods, the best of the others, and antpipe on each film."""
    lines = [
        "\nHOTA, IDF1, identity switches; of several trackers the best of each.\n",
        "| film | SLEAP | SORT, ByteTrack | antpipe, first look | antpipe | antpipe, number known |",
        "|---|---|---|---|---|---|",
    ]
    for name, results in films:
        sleap = [r for tracker, r in results.items() if tracker.startswith("SLEAP")]
        others = [results[tracker] for tracker in ("SORT", "ByteTrack")]
        ours = [[results[tracker]] for tracker in ("antpipe, first look", OURS, "antpipe, number known")]
        lines.append(f"| {name} | " + " | ".join(_best(group) for group in (sleap, others, *ours)) + " |")
    return "\n".join(lines)


def _best(results: list[dict]) -> str:
    """Return the best of each figure, which may be of different methods."""
    hota, idf1 = (max(r[key] for r in results) for key in ("HOTA", "IDF1"))
    return f"{hota:.3f}, {idf1:.3f}, {min(r['id_switches'] for r in results):.0f}"


def _cells(result: dict) -> str:
    return " | ".join(f"{result[key]:.3f}" if isinstance(result[key], float) else f"{result[key]}" for key in COLUMNS)


if __name__ == "__main__":
    main()
