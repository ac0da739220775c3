"""Exercises, one folder each, and the engine that grades them."""
