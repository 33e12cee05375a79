"""Questions put to UDP services in their own protocol, and how their answers and silences are read."""
