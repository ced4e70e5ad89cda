"""Starts, limits and ends processes; used by `bot.checkout.git` and `bot.sandbox` only.

A process gets an argument list, a complete environment (nothing is inherited) and a session of its
own, so that ending it ends everything it started. Output is read in chunks with a cap: a child can
neither fill memory nor block on a full pipe. A ledger of running groups on disk lets the next start
end what a killed harness left behind.
"""
