"""Charts that people fill in on the page."""
