"""The tables of the register: a GeoPackage 1.4 with append-only triggers (OGC 12-128r19)."""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Newest schema that this program knows; changes are hand-written, forward only."""

APPLICATION_ID = 0x47504B47
USER_VERSION = 10400

_GPKG = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  PRIMARY KEY (table_name, column_name), UNIQUE (table_name),
  FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL, UNIQUE (table_name, column_name, extension_name));
"""

_TABLES = """
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE account (account_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, entry_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  recorded_at TEXT NOT NULL, office TEXT NOT NULL, account_id TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE unit (seq INTEGER PRIMARY KEY, unit_id TEXT NOT NULL UNIQUE, code TEXT NOT NULL, name_zh TEXT NOT NULL,
  kind TEXT NOT NULL, names TEXT NOT NULL);
CREATE TABLE submission (seq INTEGER PRIMARY KEY, submission_id TEXT NOT NULL UNIQUE, layer TEXT NOT NULL,
  submitted_on TEXT NOT NULL, unit TEXT, file_name TEXT NOT NULL, raw_sha256 TEXT, crs_reading TEXT NOT NULL,
  document TEXT NOT NULL, sample INTEGER NOT NULL);
CREATE TABLE feature_version (seq INTEGER PRIMARY KEY, geom GEOMETRY, version_id TEXT NOT NULL UNIQUE,
  feature_id TEXT NOT NULL, layer TEXT NOT NULL, submission_id TEXT NOT NULL, effective_on TEXT NOT NULL,
  submitted_wkb BLOB, submitted_crs TEXT, unit TEXT, season TEXT, planted_on TEXT, kind TEXT, form TEXT,
  programme TEXT, species TEXT, name TEXT, claimed_mu TEXT, task_id TEXT, parent_id TEXT, attributes TEXT NOT NULL,
  sample INTEGER NOT NULL);
CREATE TABLE progress_record (seq INTEGER PRIMARY KEY, record_id TEXT NOT NULL UNIQUE, layer TEXT NOT NULL,
  kind TEXT NOT NULL, effective_on TEXT NOT NULL, feature_id TEXT, unit TEXT, state TEXT, value TEXT, value_unit TEXT,
  fields TEXT NOT NULL, task_id TEXT, basis_document TEXT NOT NULL, sample INTEGER NOT NULL, corrects TEXT);
CREATE TABLE decision (seq INTEGER PRIMARY KEY, decision_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,
  subject_id TEXT NOT NULL, verdict TEXT NOT NULL, decided_on TEXT NOT NULL, reviewer TEXT NOT NULL,
  reason TEXT NOT NULL, document TEXT NOT NULL, sample INTEGER NOT NULL);
CREATE TABLE issued_document (seq INTEGER PRIMARY KEY, document_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  issued_on TEXT NOT NULL, body TEXT NOT NULL, sample INTEGER NOT NULL);
CREATE INDEX feature_version_by_feature ON feature_version (layer, feature_id, seq);
CREATE INDEX feature_version_by_submission ON feature_version (submission_id);
CREATE INDEX decision_by_subject ON decision (subject, subject_id, seq);
CREATE INDEX submission_by_raw ON submission (raw_sha256);
CREATE VIRTUAL TABLE rtree_feature_version_geom USING rtree(id, minx, maxx, miny, maxy);
"""

RECORDS_BY_KIND = """
CREATE INDEX progress_record_by_kind ON progress_record (layer, kind, feature_id, effective_on, seq)"""
"""The one index that new records meet in no order at all: each of a million touches another page of it."""

DROP_RECORDS_BY_KIND = "DROP INDEX progress_record_by_kind"

# The triggers of the rtree extension (OGC 12-128r19, annex F.3). Those for updates never fire here, since the
# tables are append-only; a reader that checks the extension expects them.
_BOX = "NEW.seq, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)"
_R = "rtree_feature_version_geom"
_HAS, _NOT = "(NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))", "(NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))"
_WAS = "(OLD.geom NOTNULL AND NOT ST_IsEmpty(OLD.geom))"
_INSERT = f"INSERT OR REPLACE INTO {_R} VALUES ({_BOX});"
INDEX_AT_ONCE = f"CREATE TRIGGER {_R}_insert AFTER INSERT ON feature_version WHEN {_HAS} BEGIN {_INSERT} END"
"""The trigger that puts the box of a new version into the spatial index."""

INDEX_LATER = f"DROP TRIGGER {_R}_insert"
"""Takes that trigger away, inside a transaction that brings it back: it costs four times what the index costs."""

INDEX_BOXES = f"""INSERT INTO {_R} SELECT {_BOX.replace("NEW.", "")} FROM feature_version
WHERE seq BETWEEN ? AND ? AND NOT ST_IsEmpty(geom) ORDER BY seq"""
"""Puts the boxes of versions between two places of the chain into the spatial index, as the trigger would."""

_RTREE = f"""
{INDEX_AT_ONCE};
CREATE TRIGGER {_R}_update2 AFTER UPDATE OF geom ON feature_version WHEN OLD.seq = NEW.seq AND {_NOT}
  BEGIN DELETE FROM {_R} WHERE id = OLD.seq; END;
CREATE TRIGGER {_R}_update4 AFTER UPDATE ON feature_version WHEN OLD.seq != NEW.seq AND {_NOT}
  BEGIN DELETE FROM {_R} WHERE id IN (OLD.seq, NEW.seq); END;
CREATE TRIGGER {_R}_update5 AFTER UPDATE ON feature_version WHEN OLD.seq != NEW.seq AND {_HAS}
  BEGIN DELETE FROM {_R} WHERE id = OLD.seq; {_INSERT} END;
CREATE TRIGGER {_R}_update6 AFTER UPDATE OF geom ON feature_version WHEN OLD.seq = NEW.seq AND {_HAS} AND {_WAS}
  BEGIN UPDATE {_R} SET minx = ST_MinX(NEW.geom), maxx = ST_MaxX(NEW.geom), miny = ST_MinY(NEW.geom),
  maxy = ST_MaxY(NEW.geom) WHERE id = NEW.seq; END;
CREATE TRIGGER {_R}_update7 AFTER UPDATE OF geom ON feature_version WHEN OLD.seq = NEW.seq AND {_HAS} AND NOT {_WAS}
  BEGIN {_INSERT} END;
CREATE TRIGGER {_R}_delete AFTER DELETE ON feature_version WHEN OLD.geom NOT NULL
  BEGIN DELETE FROM {_R} WHERE id = OLD.seq; END;
"""

APPEND_ONLY = ("entry", "unit", "submission", "feature_version", "progress_record", "decision", "issued_document")
"""Tables whose rows never change once they stand."""

_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)
_CGCS2000 = (
    'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4490"]]'
)

SPATIAL_REFERENCES = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", None),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84, None),
    ("CGCS2000", 4490, "EPSG", 4490, _CGCS2000, "China Geodetic Coordinate System 2000"),
)

_RTREE_EXTENSION = ("feature_version", "geom", "gpkg_rtree_index", "http://www.geopackage.org/spec120/#extension_rtree")


def ddl() -> str:
    """Return every statement that makes an empty register."""
    guards = "".join(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    )
    return _GPKG + _TABLES + RECORDS_BY_KIND + ";\n" + _RTREE + guards


def contents() -> list[tuple[str, tuple[object, ...]]]:
    """Return the statements, with values, that describe the tables to GeoPackage readers."""
    rows: list[tuple[str, tuple[object, ...]]] = [
        ("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", row) for row in SPATIAL_REFERENCES
    ]
    insert = "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, ?, ?, ?)"
    rows.append((insert, ("feature_version", "features", "feature_version", 4490)))
    rows += [(insert, (name, "attributes", name, None)) for name in APPEND_ONLY if name != "feature_version"]
    geometry_column = ("feature_version", "geom", "GEOMETRY", 4490, 0, 0)
    rows.append(("INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, ?)", geometry_column))
    rows.append(("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", (*_RTREE_EXTENSION, "write-only")))
    return rows
