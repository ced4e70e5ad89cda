"""What a reviewer is told, and the one composer of prompts."""
