"""The pages and the JSON behind them; nothing is shown to whoever is not signed in."""
