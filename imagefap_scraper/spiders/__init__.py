"""The spiders: navigation only. Pages are read in `pages`, items completed and kept in `pipelines`."""
