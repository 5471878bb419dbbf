"""Files on disk: names, atomic writing, locks, layouts and recovery. Pure of Scrapy and of the database."""
