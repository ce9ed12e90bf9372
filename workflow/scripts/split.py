from antpipe.job import job
from antpipe.labels.read import read_labels
from antpipe.labels.split import split_labels
from antpipe.labels.split_file import write_split

with job(snakemake):
    labels = read_labels(snakemake.input.labels)
    write_split(snakemake.output.split, split_labels(labels, **snakemake.params.settings))
