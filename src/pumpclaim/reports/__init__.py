"""Reports: one file a format. A report computes nothing; it prints what a Review holds."""
