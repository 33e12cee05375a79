"""What was found, kept: the SQLite store, scan files and the town state."""
