"""Restic repositories."""
