"""What changes the archive from a page: jobs in a thread of their own, and undoing."""
