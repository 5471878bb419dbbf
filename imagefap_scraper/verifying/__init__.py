"""Whether what the archive says of itself is true, and how what is lost gets back on the list."""
