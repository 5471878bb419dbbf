"""What a person sees of a crawl: live progress, the summary at its end, a calm log."""
