"""WireGuard: the configuration of a peer, and the handshake that only the server it names can answer."""
