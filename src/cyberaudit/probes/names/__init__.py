"""How names are asked: one question to one server, through recursive resolvers, or down from the root."""
