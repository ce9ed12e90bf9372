"""A project as its checks see it: configuration, files, and what a look into them tells."""

import tempfile
from functools import cached_property
from pathlib import Path

import sleap_io as sio

from antpipe.config.project import SIMULATED, Config
from antpipe.errors import VideoError
from antpipe.inputs import Inputs, check_inputs, find_inputs
from antpipe.labels.project import merge_project
from antpipe.labels.read import read_labels
from antpipe.projects.measures import Animals, measure_animals
from antpipe.video.glimpse import Glimpse, glimpse


class Project:
    """A project; what costs time is looked at once, when it is first asked for."""

    def __init__(self, config: Config) -> None:
        """Find the files of a configuration, seen from where we are.

        Raises:
            ConfigError: as `find_inputs`.
        """
        self.config = config
        self.inputs: Inputs = find_inputs(config)
        self.simulated = config.videos == SIMULATED

    @cached_property
    def videos(self) -> dict[str, Glimpse | VideoError]:
        """What a quick look at each raw video tells, or what is wrong with it, by name."""
        found: dict[str, Glimpse | VideoError] = {}
        for name, path in ({} if self.simulated else self.inputs.videos).items():
            try:
                found[name] = glimpse(path)
            except VideoError as error:
                found[name] = error
        return found

    @property
    def sound_videos(self) -> dict[str, Glimpse]:
        """The raw videos that can be read."""
        return {name: found for name, found in self.videos.items() if isinstance(found, Glimpse)}

    @cached_property
    def labels(self) -> sio.Labels:
        """All labels, merged as the workflow will merge them.

        Raises:
            LabelError, ConfigError: as `check_inputs` and `merge_project`.
        """
        check_inputs(self.config, self.inputs)
        with tempfile.TemporaryDirectory() as folder:
            merged = Path(folder, "merged.slp")
            paths = [Path(path).absolute() for path in self.inputs.labels]
            videos = {name: str(Path(path).absolute()) for name, path in self.inputs.videos.items()}
            merge_project(paths, merged, Path(folder, "merge.json"), self.config.merge, videos)
            return read_labels(merged)

    @cached_property
    def animals(self) -> Animals:
        """The animals that a person has labelled."""
        return measure_animals(self.labels)
