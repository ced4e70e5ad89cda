"""Pure: parse, anchor, merge, identity, policy. No I/O, no asyncio, no clock."""
