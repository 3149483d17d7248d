"""A backup of a portal: accounts and uploads come back, sessions do not."""

from __future__ import annotations

from pathlib import Path

from ecotrack.accounts import Accounts
from ecotrack.desk.arrival import Arrival
from ecotrack.desk.uploads import Uploads
from ecotrack.register import Register, back_up, new_id, restore
from ecotrack.register.portal_file import PortalFile, portal_path


def test_a_backup_brings_back_the_accounts_of_the_portal_and_nobodys_session(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with Register.create(tmp_path / "a" / "register" / "ecotrack.gpkg", office="hengshui") as register:
        file = PortalFile(portal_path(register.path))
        accounts, uploads = Accounts(file), Uploads(file)
        accounts.use_link(accounts.link(None, by="test"), password="一个长一点的密码", login="gl-01")
        session, key = accounts.sign_in("gl-01", "一个长一点的密码"), accounts.key()
        token = accounts.new_token(accounts.all()[0].account_id, label="QGIS")
        here = Arrival(upload_id=new_id(), account_id="a-1", unit="131121", layer="plots", file_name="甲.zip",
                       sha256="00", size_bytes=4, asked={})  # fmt: skip
        uploads.take([(1, here)])
        uploads.settle(here.upload_id, was="received", state="checked", told={"ready": 1})
        back_up(register, tmp_path / "a", tmp_path / "b.zip")
        file.close()
    assert (tmp_path / "b.zip").stat().st_mode & 0o077 == 0
    restore(tmp_path / "b.zip", tmp_path / "c")
    path = portal_path(tmp_path / "c" / "register" / "ecotrack.gpkg")
    assert path.stat().st_mode & 0o077 == 0
    again = PortalFile(path)
    known = Accounts(again)
    assert known.of_session(session) is None
    assert known.key() != key
    assert known.of_token(token) == known.all()[0]
    known.sign_in("gl-01", "一个长一点的密码")
    assert Uploads(again).get(here.upload_id).state == "received"  # its page of findings is made anew
    again.close()
