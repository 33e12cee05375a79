"""The command line: French help, thin commands, exit codes."""
