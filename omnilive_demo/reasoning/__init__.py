"""Reasoning: instruction prediction, answers from evidence, live visual refresh."""
