"""What is measured on the poses, and the files of other instruments."""

from collections.abc import Iterator

from antpipe.features.check import check_features, check_measurements, find_measurements
from antpipe.projects.note import Note, ok
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS


@CHECKS.register("features")
def check_measured(project: Project) -> Iterator[Note]:
    """Look for nodes that the labels have not, and for measurements that are missing or cannot be read.

    Raises:
        AntpipeError: as these checks do.
    """
    found = find_measurements(project.config, project.inputs.videos)
    if not project.simulated:
        check_features(project.config, project.inputs.labels)
    check_measurements(project.config, found)
    files = f", and measurements of {len(found)} videos to join" if found else ""
    yield ok("features", f"{', '.join(project.config.features.kinds) or 'none'}{files}")
