"""Command-line tools beside the crawler: the archive's own commands and the demo site."""
