"""Asking an open port what stands behind it: one module a protocol, and the recognition of products."""
