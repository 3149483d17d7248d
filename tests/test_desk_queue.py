"""Who waits for the checks is told how many are looked at before."""

from __future__ import annotations

from pathlib import Path

from ecotrack.desk.arrival import Arrival
from ecotrack.desk.lanes import QUICK_BYTES, SMALL_BYTES, ahead
from ecotrack.desk.uploads import Uploads
from ecotrack.register import new_id
from ecotrack.register.portal_file import PortalFile


def arrival(size_bytes: int) -> Arrival:
    return Arrival(
        upload_id=new_id(),
        account_id="a",
        unit="131121",
        layer="plots",
        file_name="图.geojson",
        asked={},
        sha256="0" * 64,
        size_bytes=size_bytes,
    )


def test_a_small_upload_counts_only_what_goes_before_it_and_a_settled_one_nothing(tmp_path: Path) -> None:
    file = PortalFile(tmp_path / "p.db")
    uploads = Uploads(file)
    sizes = (SMALL_BYTES * 9, QUICK_BYTES, SMALL_BYTES, QUICK_BYTES, SMALL_BYTES * 2)
    came = [(place, arrival(size)) for place, size in enumerate(sizes, start=1)]
    uploads.take(came)
    found = [uploads.get(one.upload_id) for _, one in came]
    assert [ahead(uploads, one) for one in found if one] == [0, 0, 1, 1, 4]
    uploads.settle(came[1][1].upload_id, state="checked", told={}, was="received")
    assert [ahead(uploads, one) for one in map(uploads.get, (one.upload_id for _, one in came)) if one] == [
        0,
        0,
        0,
        0,
        3,
    ]
    file.close()
