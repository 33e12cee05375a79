"""The walks, each readable on one screen: scan, report, replay."""
