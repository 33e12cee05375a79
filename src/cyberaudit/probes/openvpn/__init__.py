"""OpenVPN: its packets, and the reliable channel in which its TLS travels."""
