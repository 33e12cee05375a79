"""The checks: one folder a theme, one file a check."""
