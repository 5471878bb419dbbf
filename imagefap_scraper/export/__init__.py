"""Taking pictures out of the archive, and giving its files other names; pure of Scrapy."""
