"""What is checked before a first run, one module each."""
