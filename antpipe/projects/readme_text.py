"""The README of a new project."""

from pathlib import Path

import antpipe

TEXT = """# {name}

Poses and tracks of the animals in the videos that `config.yaml` names, made by antpipe {version}.

| step | command, in this folder |
|---|---|
| check videos, labels and settings | `antpipe check` |
| see what would be done | `{snakemake} -n` |
| do it, or go on after an interruption | `{snakemake}` |
| see how far it is, in another window | `antpipe status --watch` |
| see where a result comes from | `antpipe explain results/export/...` |

`antpipe` and `snakemake` are programs of the environment into which antpipe was installed, such as `.venv/bin/antpipe`.

| file | what |
|---|---|
| `config.yaml` | all settings, with comments |
| `results/report/summary.html` | look here first: figures and pictures |
| `results/export/` | the tables |
| `results/suggestions/` | frames worth labelling next: correct them in SLEAP, add them to `labels` in `config.yaml` |
| `results/logs/` | what each step said |
| `results/ro-crate-metadata.json` | what every result was made of, for archives |
| `.snakemake/` | what Snakemake knows of earlier runs; keep it together with `results` |
"""


def readme_text(folder: str | Path) -> str:
    """Return the README of a project in `folder`."""
    return TEXT.format(name=Path(folder).absolute().name, version=antpipe.__version__, snakemake=_snakemake())


def _snakemake() -> str:
    snakefile = Path(antpipe.__file__).parent.parent / "Snakefile"
    path = f'"{snakefile.as_posix()}"' if snakefile.is_file() else "PATH/TO/antpipe/Snakefile"
    return f"snakemake -s {path} --directory . --cores 8"
