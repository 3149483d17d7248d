"""The one way in: files become candidates with findings, candidates become a submission."""
