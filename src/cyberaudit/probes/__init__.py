"""Go and look, never judge. The only room with sockets, DNS and TLS."""
