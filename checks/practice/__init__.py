"""What can only be declared: habits, people, papers."""
