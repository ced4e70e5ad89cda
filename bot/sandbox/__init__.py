"""The fences in which agent and test processes run."""
