"""The nano profile's own networks: eyes, reader, sound tagger. Trained by `omnilive_demo.training`."""
