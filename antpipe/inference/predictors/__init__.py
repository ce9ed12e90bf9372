"""Predictors: how the models of a pipeline find the animals of a frame; one file per pipeline."""
