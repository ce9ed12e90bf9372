"""What the members of Adam's family share."""

EPSILON = 1e-8
"""Gradients of confidence maps, nearly 0 nearly everywhere, are as small as the default of 1e-7, which slows them."""
