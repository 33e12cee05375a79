"""Sets of files that one tool leaves among others."""
