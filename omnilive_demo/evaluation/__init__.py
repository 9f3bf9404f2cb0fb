"""Measurements from the outside. A leaf: nothing imports it."""
