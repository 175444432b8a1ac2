"""Reports of an assessment: JSON, terminal, a page to print, the packet for a records request."""
