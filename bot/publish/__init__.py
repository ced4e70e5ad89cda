"""Every word the bot says, and where it says it."""
