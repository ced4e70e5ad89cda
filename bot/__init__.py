"""harness: several independent reviewers, one honest review.

The map of the house, in the order in which data flows. Rooms import downwards only
(`pyproject.toml`, import-linter); a test keeps this map complete.

========== =====================================================================================
webhook    verifies, stores and acknowledges GitHub's deliveries
handlers   one file per GitHub event: which jobs does this delivery ask for?
commands   the slash commands people write in comments
tasks      the durable recipes, each readable on one screen
runner     one path for every kind of review
publish    every word the bot says, and where it says it
agents     reviewers as processes with an event stream, and one adapter file for each of them
context    what a reviewer is told, and the one composer of prompts
testrun    the project's own tests: found, run behind a fence, read and compared
jobs       the port to the durable engine
sandbox    the fences in which agent and test processes run
checkout   mirrors, trees and diffs; the only place that starts git
github     GitHub's API as records
store      tables and queries
findings   pure: parse, anchor, merge, identity, policy
models     pure: the nouns that rooms share
---------- -------------------------------------------------------------------------------------
settings   the operator's configuration, the one reader of the environment
errors     what went wrong, said as what to do about it
ids        names that people type and machines compare
log        structured logs
clock      the one reader of clocks
registry   finds one-file plug-ins
process    starts, limits and ends processes
groups     process groups, and the record of those that run
guard      the one blind except
---------- -------------------------------------------------------------------------------------
app        the composition root: everything is built here and handed in
worker     hands stored deliveries to handlers and their jobs to the engine
dashboard  the pages and the JSON behind them
demo       an embedded GitHub, for demonstrations and tests
cli        the command line
========== =====================================================================================
"""

__version__ = "0.1.0"
