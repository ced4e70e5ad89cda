"""The REST endpoints; every module has a table ``ROUTES``."""
