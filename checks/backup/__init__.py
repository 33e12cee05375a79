"""Backups: would the town find its files again, and could a thief read them?"""
