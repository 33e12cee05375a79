"""cyberaudit: where does a small town start with its cybersecurity?"""

__version__ = "0.1.0"
