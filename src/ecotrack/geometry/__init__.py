"""Pure geometry on EPSG:4490 longitude/latitude: area on the ellipsoid, overlaps, credit, splits."""
