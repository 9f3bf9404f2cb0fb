"""The Blocks page around our own browser client (`assets/page/`)."""
