"""Verifies, stores and acknowledges GitHub's deliveries."""
