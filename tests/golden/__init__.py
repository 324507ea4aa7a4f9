"""Golden programs: generated derivatives beside those written by hand."""
