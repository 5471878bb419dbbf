"""What lies on the disk already, into the archive: directories of the user's own, and what other tools saved."""
