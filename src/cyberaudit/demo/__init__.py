"""A complete small town on loopback, with real faults."""
