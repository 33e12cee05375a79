"""`python -m cyberaudit`."""

from cyberaudit.cli.main import main

main()
