"""What happens to an item, one concern a file: sha256, duplicates, inspection, storage, database."""
