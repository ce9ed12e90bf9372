"""The command line: one verb per stage, each a call of one function, in one file per group of verbs."""

# Importing a group registers its verbs, in the order of the help.
from antpipe.cli import projects, videos, labels, models, tracks, features, tables, seeing  # noqa: F401, I001
from antpipe.cli.app import app, main

__all__ = ["app", "main"]
