"""Thousands of TCP ports asked with ordinary connections, and what each answer or silence is worth."""
