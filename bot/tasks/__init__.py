"""The durable recipes, each readable on one screen; every answer to a person is a job here."""
