"""What a tree's files are made of and how they hang together: outlines and related files.

Parsers are C code that reads whatever a stranger wrote: all of this runs in a process of its own
(`bot.context.structure.__main__`), behind the same fence as an analyzer.
"""
