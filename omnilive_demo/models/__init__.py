"""Models by profile, and native architectures."""
