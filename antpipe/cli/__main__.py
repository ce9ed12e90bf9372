"""`python -m antpipe.cli`."""

from antpipe.cli import main

main()
