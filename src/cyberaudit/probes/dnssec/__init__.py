"""DNSSEC as a validating resolver judges it (RFC 4035): signatures, proofs of absence, the chain from the root."""
