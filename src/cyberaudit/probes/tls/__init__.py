"""TLS asked by hand: hellos we build, answers we read, and two small clients for what only a handshake shows."""
