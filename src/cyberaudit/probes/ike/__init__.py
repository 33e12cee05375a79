"""IKE, the first words of IPsec, both versions: written and read by hand, asked in few datagrams."""
