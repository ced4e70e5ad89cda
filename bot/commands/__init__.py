"""The slash commands people write in comments; one file each, in `verbs`."""
