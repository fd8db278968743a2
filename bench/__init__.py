"""What is fast, measured against what else one would write. Never shipped; `docs/performance.md` explains it."""
