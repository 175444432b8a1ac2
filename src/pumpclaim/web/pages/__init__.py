"""The pages, one file a subject. Each has ``router``."""
