"""Perceptual hashes of pictures and how far apart they are. Pure of Scrapy; nothing heavy is imported by name alone."""
