"""The duplicates workflow: finding, deciding, undoing. Joins database, storage, dedup and inspection; never Scrapy."""
