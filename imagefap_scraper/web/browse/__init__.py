"""What the pages about users, folders, pictures and the crawl show."""
