"""SPF as receivers evaluate it: one message judged, or everything that a record makes them ask."""
