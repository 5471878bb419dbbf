"""The archive's database: models, sessions, the writer thread, reads, writes, migrations."""
