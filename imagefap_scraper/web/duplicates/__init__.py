"""What the pages about look-alikes show: the queue, a batch, a group under review."""
