"""Tell what a file of a backup store is from its bytes: pure, nothing opened here but in `listing`."""
