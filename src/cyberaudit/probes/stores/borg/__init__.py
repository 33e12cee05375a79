"""Borg repositories, of both generations."""
