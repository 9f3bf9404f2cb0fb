"""The paper's memory module: one network for compressing clips, integrating them, and finding the one asked about."""
