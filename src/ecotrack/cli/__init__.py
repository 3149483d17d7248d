"""The command line: nouns and verbs; no rule of the domain lives here."""
