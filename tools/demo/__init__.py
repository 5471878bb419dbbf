"""A small local copy of the site with synthetic pictures: its world, its pages, its misbehaviour, its server."""
