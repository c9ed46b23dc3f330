"""Judging: quality tier, process tier, and the state behind them."""
