"""Pure figures: each measure has one definition (docs/figures.md) and never reads a file.

A figure that cannot be computed is *not assessed*, with the reason; it is never 0 and never a pass.
"""
