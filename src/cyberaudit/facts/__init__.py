"""What can be seen: frozen fact classes, and the codec that stores them. Standard library only."""
