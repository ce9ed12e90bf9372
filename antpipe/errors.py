"""Errors a user can cause: one sentence each that names the place, the expectation, what came and the way out."""


class AntpipeError(Exception):
    """Base of every error that a user can mend; the command line shows it as one line and exits with 2."""


class ConfigError(AntpipeError):
    """A configuration, option or combination of options that cannot be used."""


class VideoError(AntpipeError):
    """A video that is missing, broken, or not what was asked for."""


class LabelError(AntpipeError):
    """A label file or data set that is missing, empty, or does not fit the others."""


class ModelError(AntpipeError):
    """A model folder that is missing, incomplete, or does not fit the data."""


class PosesError(AntpipeError):
    """A poses file that is missing, broken, or does not fit the others."""


class MeasurementError(AntpipeError):
    """A file of measurements that is missing, broken, or does not fit the video."""


class ResourceError(AntpipeError):
    """A program, device or disk that the work needs and that is not there."""
