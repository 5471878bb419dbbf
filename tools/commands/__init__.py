"""The commands of process.py, one a file. At import they need click alone: `--help` imports them all."""
