"""Mirrors, and folders encrypted file by file."""
