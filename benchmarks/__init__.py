"""Figures measured against peers: seeded data, the same questions to every engine, answers compared before times."""
