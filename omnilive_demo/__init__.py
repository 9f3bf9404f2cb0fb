"""OmniLive: a live web page that sees, hears, remembers and answers."""

__version__ = "0.1.0"
