"""The released InternLM-XComposer2.5-OmniLive weights in our own code, written from the release's specification."""
