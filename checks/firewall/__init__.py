"""Firewall and network: which doors of the town answer, and to whom?"""
