"""Between engine and site: hosts, robots.txt, blocks, retries, pace. Blocks are handled here and nowhere else."""
