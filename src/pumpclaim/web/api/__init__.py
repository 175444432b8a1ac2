"""The HTTP API under /api/v1: the commands' JSON, from the same code."""
