"""Pictures on their way to the browser: originals, and small ones made on demand in a child process."""
