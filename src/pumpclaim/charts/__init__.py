"""Charts of the medical record against the criteria of coverage and documentation."""
