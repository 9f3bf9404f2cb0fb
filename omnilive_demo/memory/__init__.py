"""Multi-modal long memory: clips, compressor, long-term memory, retrieval, store on disk."""
