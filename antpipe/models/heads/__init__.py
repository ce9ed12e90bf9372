"""Heads: what is read off a backbone's features; one file per kind."""
