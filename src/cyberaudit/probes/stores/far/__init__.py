"""Places of backups reached by the network, each seen as a tree: read-only, on connections that the parent opens."""
