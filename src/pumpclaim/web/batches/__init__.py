"""Uploads: files kept, judged in a process of their own, shown as a worklist."""
