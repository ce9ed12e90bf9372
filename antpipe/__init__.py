"""antpipe: from videos and SLEAP labels to tracked poses in Parquet."""

__version__ = "0.1.0"
