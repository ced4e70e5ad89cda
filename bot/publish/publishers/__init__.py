"""One file for each place where a review is published."""
