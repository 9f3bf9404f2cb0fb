"""The voice: sentence splitting, synthesis, playout with ducking."""
