"""One file per GitHub event."""
