"""One path for every kind of review: the bot's, the command line's, and later the loop's."""
