"""Processes that work for the server: what is large or slow is done beside it, in turns and within limits."""
