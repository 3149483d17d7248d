"""The append-only register: one GeoPackage file, one hash chain, one writer at a time.

Only Python's ``sqlite3`` ever opens the file inside our processes (docs/decisions/0006); other programs
read it from processes of their own.
"""

from ecotrack.register.audit import Audit, audit
from ecotrack.register.backup import back_up, read_manifest, restore, verify
from ecotrack.register.canonical import Entry, UnitEntry
from ecotrack.register.identity import new_id, stable_id
from ecotrack.register.store import Register
from ecotrack.register.subjects import Subjects, Tally
from ecotrack.register.writer import Head

__all__ = [
    "Audit",
    "Entry",
    "Head",
    "Register",
    "Subjects",
    "Tally",
    "UnitEntry",
    "audit",
    "back_up",
    "new_id",
    "read_manifest",
    "restore",
    "stable_id",
    "verify",
]
