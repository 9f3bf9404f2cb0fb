"""The drawn world: endless streams of things, moves, words and sounds, each with its full truth."""
