"""The portal's routes and pages; no rule of the domain lives here.

Importing this package loads nothing: ``ecotrack[serve]`` brings what `ecotrack.web.app` needs.
"""
