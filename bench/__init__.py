"""Benchmarks: our time beside that of numpy and torch, in one alternating run. `python -m bench NAME [--quick]`."""
