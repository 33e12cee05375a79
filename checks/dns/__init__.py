"""Checks of the names of the town: delegation, signatures, what the zone says."""
