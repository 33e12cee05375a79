"""Repositories of the other tools, each in a folder of its own."""
