"""From findings to a level and few ordered actions."""
