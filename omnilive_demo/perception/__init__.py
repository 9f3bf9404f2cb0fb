"""Ears and eyes: voice activity, recognition, sounds; frame sampling, change gate, frame encoder."""
