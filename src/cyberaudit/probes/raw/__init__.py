"""Raw packets beside ordinary connections: the only room that imports scapy, and only when it sends."""
