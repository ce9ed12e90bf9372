from pathlib import Path

from antpipe.config.simulate import SimulateConfig
from antpipe.job import job
from antpipe.progress import show_progress
from antpipe.synthetic.simulate import simulate

with job(snakemake), show_progress("simulate") as advance:
    simulate(Path(snakemake.output.labels).parent, SimulateConfig(**snakemake.params.settings), advance)
