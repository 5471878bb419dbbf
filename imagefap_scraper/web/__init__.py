"""The local web application: the archive as pages, for its user alone."""
