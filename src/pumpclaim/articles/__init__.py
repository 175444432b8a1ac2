"""Articles as CMS publishes them: read, verified against ours, compared, adopted."""
