"""One test for each line of the threat table in docs/security.md, over the wire against a real portal."""

from __future__ import annotations

import os
import re
import socket
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from ecotrack.accounts import weakness
from ecotrack.register import Register, new_id
from portal_cases import (
    PASSWORD,
    Person,
    Served,
    account_id,
    first_account,
    hire,
    plots,
    served,
    start,
    workspace_in,
)

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


PORTAL = ("--max-mb", "2", "--uploads-per-minute", "40")


@pytest.fixture(scope="module")
def zaoqiang(bureau: Person) -> Person:
    return hire(bureau, "zq-01", ("field", "131121"))


@pytest.fixture(scope="module")
def wuyi(bureau: Person) -> Person:
    return hire(bureau, "wy-01", ("field", "131122"))


@pytest.fixture(scope="module")
def reviewer(bureau: Person) -> Person:
    return hire(bureau, "sh-01", ("reviewer", ""))


@pytest.fixture(scope="module")
def sent(zaoqiang: Person) -> dict[str, object]:
    return zaoqiang.submitted(plots(x=115.76))


def test_an_upload_of_somebody_else_is_not_there(zaoqiang: Person, wuyi: Person, sent: dict[str, object]) -> None:
    path = f"/api/uploads/{sent['upload_id']}"
    for method, tail in (("GET", ""), ("GET", "/findings"), ("POST", "/submit"), ("HEAD", "")):
        assert wuyi.call(method, path + tail).status_code == 404
    assert wuyi.call("POST", path + "/check", json={}).status_code == 404
    assert wuyi.send(plots(), upload_id=str(sent["upload_id"]), unit="131122").status_code == 404
    assert wuyi.client.get(f"/uploads/{sent['upload_id']}").status_code == 404


def test_nobody_sends_for_another_unit(wuyi: Person) -> None:
    assert wuyi.send(plots(x=115.9), unit="131121").status_code == 404
    upload_id = wuyi.send(plots(x=115.9, 责任单位="枣强县"), unit="131122").json()["upload_id"]
    told = wuyi.settled(upload_id)
    assert "不能替该单位报送" in told["told"]["refused"]
    assert wuyi.call("POST", f"/api/uploads/{upload_id}/submit").status_code == 409


def test_a_reviewer_of_one_unit_neither_sees_nor_decides_about_another(bureau: Person, sent: dict[str, object]) -> None:
    of_wuyi = hire(bureau, "sh-wy", ("reviewer", "131122"))
    assert of_wuyi.call("GET", "/api/review").json() == []
    assert of_wuyi.call("GET", f"/api/review/{sent['submission_id']}").status_code == 404
    wish = {"ids": [sent["submission_id"]], "verdict": "return", "reason": "试"}
    assert of_wuyi.call("POST", "/api/review", json=wish).status_code == 404


def test_nobody_reviews_their_own(bureau: Person) -> None:
    both = hire(bureau, "both", ("field", "131121"), ("reviewer", ""))
    mine = both.submitted(plots(x=115.80))
    answer = both.call("POST", "/api/review", json={"ids": [mine["submission_id"]], "verdict": "accept"})
    assert answer.status_code == 403
    assert "不能审核自己" in answer.json()["zh"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/review"), ("GET", "/accounts"), ("POST", "/api/accounts"), ("GET", "/review")],
)
def test_a_role_that_is_missing_opens_nothing(zaoqiang: Person, method: str, path: str) -> None:
    answer = zaoqiang.call(method, path, json={"login": "new-one"} if method == "POST" else None)
    assert answer.status_code == 404


def test_the_sender_is_who_signed_in_whatever_the_request_says(zaoqiang: Person, reviewer: Person) -> None:
    told = zaoqiang.submitted(plots(x=115.84), sender="wy-01", account="wy-01")
    rows = {row["submission_id"]: row for row in reviewer.call("GET", "/api/review").json()}
    assert rows[told["submission_id"]]["sender"] == "zq-01"


@pytest.mark.parametrize("name", ["X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Account"])
def test_no_header_names_another_sender(zaoqiang: Person, wuyi: Person, name: str) -> None:
    upload_id = new_id()
    headers = {name: "wy-01"}
    answer = zaoqiang.call(
        "PUT", f"/api/uploads/{upload_id}?name=a.zip&unit=131121", content=upload_id.encode(), headers=headers
    )
    assert answer.status_code == 201
    assert zaoqiang.call("GET", f"/api/uploads/{upload_id}").status_code == 200
    assert wuyi.call("GET", f"/api/uploads/{upload_id}").status_code == 404


def test_a_token_is_its_own_accounts_whatever_name_stands_beside_it(portal: Served, wuyi: Person) -> None:
    token = wuyi.call("POST", "/api/tokens", json={"label": "x"}).json()["secret"]
    asked = httpx.get(f"{portal.url}/api/uploads", auth=("zq-01", token), trust_env=False)
    assert (asked.status_code, asked.json()) == (200, wuyi.call("GET", "/api/uploads").json())
    sent = httpx.put(f"{portal.url}/api/uploads/{new_id()}?name=a.zip", content=b"x", auth=("zq-01", token),
                     trust_env=False)  # fmt: skip
    assert sent.status_code == 401


def test_a_reviewer_is_who_signed_in_and_a_verdict_sent_again_writes_nothing(
    portal: Served, zaoqiang: Person, reviewer: Person
) -> None:
    told = zaoqiang.submitted(plots(x=115.96, count=1))
    ruling = {"ids": [told["submission_id"]], "verdict": "accept", "reviewer": "wy-01", "author": "wy-01"}
    assert reviewer.call("POST", "/api/review", json=ruling).json() == {"decided": 1}
    assert reviewer.call("POST", "/api/review", json=ruling).status_code == 409
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        made = [one.reviewer for one in register.decisions() if one.subject_id == told["submission_id"]]
    assert made == ["sh-01"]


def test_a_one_time_link_serves_once(portal: Served, bureau: Person) -> None:
    secret = bureau.call("POST", "/api/accounts", json={"login": "once-1", "roles": []}).json()["secret"]
    words = {"secret": secret, "password": PASSWORD, "again": PASSWORD}
    answers = [httpx.post(f"{portal.url}/start", data=words, trust_env=False) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 400]
    assert "set-cookie" not in answers[1].headers


def test_a_repeated_upload_is_one_upload(zaoqiang: Person) -> None:
    upload_id, data = new_id(), plots(x=115.88)
    first = zaoqiang.send(data, upload_id=upload_id)
    second = zaoqiang.send(data, upload_id=upload_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["seq"] == first.json()["seq"]
    assert zaoqiang.send(plots(x=115.89), upload_id=upload_id).status_code == 409


def test_a_repeated_submission_registers_nothing_twice(zaoqiang: Person, reviewer: Person) -> None:
    told = zaoqiang.submitted(plots(x=115.92))
    again = zaoqiang.call("POST", f"/api/uploads/{told['upload_id']}/submit")
    assert again.json()["submission_id"] == told["submission_id"]
    other = zaoqiang.submitted(plots(x=115.92))
    assert other["submission_id"] == told["submission_id"]
    rows = [row for row in reviewer.call("GET", "/api/review").json() if row["submission_id"] == told["submission_id"]]
    assert [row["plots"] for row in rows] == [3]


def test_a_session_given_before_signing_in_is_no_session(portal: Served, zaoqiang: Person) -> None:
    client = httpx.Client(base_url=portal.url, trust_env=False, cookies={"ecotrack": "planted"})
    answer = client.post("/sign-in", data={"login": "zq-01", "password": PASSWORD})
    assert "planted" not in answer.headers["set-cookie"]
    planted = httpx.get(f"{portal.url}/api/uploads", cookies={"ecotrack": "planted"}, trust_env=False)
    assert planted.status_code == 401


def test_signing_in_again_ends_the_session_before(portal: Served, zaoqiang: Person) -> None:
    person = Person(portal.url, "zq-01")
    before = person.client.cookies["ecotrack"]
    person.client.post("/sign-in", data={"login": "zq-01", "password": PASSWORD})
    answer = httpx.get(f"{portal.url}/api/uploads", cookies={"ecotrack": before}, trust_env=False)
    assert answer.status_code == 401


def test_signing_out_ends_the_session_at_the_server(portal: Served, zaoqiang: Person) -> None:
    person = Person(portal.url, "zq-01")
    cookie = person.client.cookies["ecotrack"]
    person.client.post("/sign-out", data={"csrf": person.csrf})
    answer = httpx.get(f"{portal.url}/api/uploads", cookies={"ecotrack": cookie}, trust_env=False)
    assert answer.status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(portal: Served, zaoqiang: Person) -> None:
    answer = httpx.post(f"{portal.url}/sign-in", data={"login": "zq-01", "password": PASSWORD}, trust_env=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("headers", [{}, {"X-CSRF-Token": "0" * 64}])
def test_a_request_without_the_pages_token_changes_nothing(zaoqiang: Person, headers: dict[str, str]) -> None:
    answer = zaoqiang.client.put(f"/api/uploads/{new_id()}?name=a.zip", content=b"x", headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_request_from_another_site_changes_nothing(portal: Served, zaoqiang: Person, headers: dict[str, str]) -> None:
    upload = zaoqiang.call("PUT", f"/api/uploads/{new_id()}?name=a.zip", content=b"x", headers=headers)
    words = {"login": "zq-01", "password": PASSWORD}
    sign_in = httpx.post(f"{portal.url}/sign-in", data=words, headers=headers, trust_env=False)
    assert (upload.status_code, sign_in.status_code) == (403, 403)


def test_another_host_name_is_refused(portal: Served) -> None:
    answer = httpx.get(f"{portal.url}/sign-in", headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 400


def test_what_people_write_never_becomes_markup(zaoqiang: Person, reviewer: Person, bureau: Person) -> None:
    bureau.call("POST", "/api/accounts", json={"login": "x-1", "name": EVIL[:60], "phone": EVIL[:30], "roles": []})
    data = plots(x=115.96, 名称=EVIL, 备注=EVIL, 树种=EVIL)
    upload_id = zaoqiang.send(data, name=EVIL + ".geojson", programme=EVIL).json()["upload_id"]
    zaoqiang.settled(upload_id)
    zaoqiang.call("POST", f"/api/uploads/{upload_id}/check", json={"season": "2026-spring", "kind": "造林"})
    zaoqiang.settled(upload_id)
    zaoqiang.call("POST", f"/api/uploads/{upload_id}/submit")
    told = zaoqiang.settled(upload_id)
    pages = [
        zaoqiang.client.get("/").text,
        zaoqiang.client.get(f"/uploads/{upload_id}").text,
        zaoqiang.client.get(f"/api/uploads/{upload_id}/findings").text,
        reviewer.client.get("/review").text,
        reviewer.client.get(f"/review/{told['submission_id']}").text,
        bureau.client.get("/accounts").text,
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..\\..\\ecotrack.toml", "/etc/shadow", "..", "a\x00b"])
def test_a_file_name_is_never_a_path(portal: Served, zaoqiang: Person, name: str) -> None:
    before = {path for path in portal.folder.parent.rglob("*") if "register" not in path.parts}
    told = zaoqiang.send(plots(x=116.0), name=name).json()
    shown = zaoqiang.settled(told["upload_id"])["file_name"]
    assert not set("/\\\x00") & set(shown)
    assert {path for path in portal.folder.parent.rglob("*") if "register" not in path.parts} == before


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/vendor/..%2f..%2fpyproject.toml", "/api/layers/..%2fa.gpkg",
     "/api/uploads/..%2f..%2fregister/findings"],
)  # fmt: skip
def test_no_address_leads_out_of_its_folder(zaoqiang: Person, path: str) -> None:
    assert zaoqiang.client.get(path).status_code in (400, 404, 422)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "counted"])
def test_an_upload_beyond_the_limit_is_refused(zaoqiang: Person, declared: bool) -> None:
    data = b"x" * (2 << 20) + b"y"
    headers = {"Upload-Length": str(len(data))} if declared else {}
    asked = {"name": "大.zip", "unit": "131121"}
    answer = zaoqiang.call("PUT", f"/api/uploads/{new_id()}", content=data, params=asked, headers=headers)
    assert answer.status_code == 413
    assert "上限 2 MB" in answer.json()["zh"]


def test_a_form_of_a_megabyte_is_refused(zaoqiang: Person) -> None:
    answer = zaoqiang.client.post("/sign-in", data={"login": "a" * (2 << 20), "password": "b"})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")
    assert "内容太大" in answer.text
    program = zaoqiang.call("POST", "/api/tokens", json={"label": "a" * (2 << 20)})
    assert (program.status_code, program.json()["error"]) == (413, "TooLarge")


def test_a_zip_bomb_is_told_and_costs_one_child(zaoqiang: Person) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\0" * (600 << 20))
    told = zaoqiang.settled(zaoqiang.send(packed.getvalue(), name="a.zip").json()["upload_id"])
    assert told["told"]["ready"] == 0
    assert told["state"] in ("checked", "failed")
    assert zaoqiang.client.get("/").status_code == 200


@pytest.mark.parametrize("place", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(portal: Served, zaoqiang: Person, place: str) -> None:
    words = {"login": "zq-01", "password": PASSWORD, "next": place}
    assert httpx.post(f"{portal.url}/sign-in", data=words, trust_env=False).headers["location"] == "/"


def test_a_device_token_opens_until_it_is_revoked(portal: Served, zaoqiang: Person) -> None:
    secret = zaoqiang.call("POST", "/api/tokens", json={"label": "手机"}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}

    def asked() -> int:
        return httpx.get(f"{portal.url}/api/uploads", headers=headers, trust_env=False).status_code

    assert asked() == 200
    token_id = re.findall(r'data-token="([^"]+)"', zaoqiang.client.get("/me").text)[-1]
    assert zaoqiang.call("DELETE", f"/api/tokens/{token_id}").status_code == 204
    assert asked() == 401


def test_secrets_stand_in_no_file_as_they_are(portal: Served, zaoqiang: Person) -> None:
    secret = zaoqiang.call("POST", "/api/tokens", json={"label": "日志"}).json()["secret"]
    session = zaoqiang.client.cookies["ecotrack"].split(".")[0]
    for path in (portal.folder / "register").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert secret.encode() not in data
        assert session.encode() not in data
        assert PASSWORD.encode() not in data


def test_no_token_password_or_link_stands_in_what_the_portal_writes_out(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        portal = start(workspace_in(tmp_path / "w"), first_do=lambda: os.dup2(log.fileno(), 2))
        bureau = first_account(portal)
        field = hire(bureau, "zq-01", ("field", "131121"))
        token = field.call("POST", "/api/tokens", json={"label": "x"}).json()["secret"]
        link = bureau.call("POST", "/api/accounts", json={"login": "new-1", "roles": []}).json()["secret"]
        bearer = {"Authorization": f"Bearer {token}"}
        (portal.folder / "ecotrack.toml").unlink()  # there is something to complain about
        httpx.get(f"{portal.url}/api/figures?fresh=true&t={token}", headers=bearer, trust_env=False, timeout=60)
        for path in (f"/api/uploads/{new_id()}?name={token}.zip", "/api/uploads/x?name=a", f"/nowhere?t={token}"):
            httpx.put(portal.url + path, content=b"x", headers=bearer, trust_env=False)
        httpx.post(
            f"{portal.url}/start", data={"secret": link, "password": "kurz-1", "again": "kurz-2"}, trust_env=False
        )
        httpx.post(f"{portal.url}/sign-in", data={"login": "zq-01", "password": "falsch-falsch"}, trust_env=False)
        portal.process.terminate()
        said = portal.process.communicate()[0].encode() + (tmp_path / "log").read_bytes()
    assert b"could not be made" in said
    for secret in (token, link, PASSWORD, "falsch-falsch", "kurz-1", field.client.cookies["ecotrack"], field.csrf):
        assert secret.encode() not in said


def test_a_name_that_cannot_sign_in_is_refused_in_the_same_words_whatever_the_reason(
    portal: Served, bureau: Person
) -> None:
    hire(bureau, "known-1", ("field", "131121"))
    bureau.call("POST", "/api/accounts", json={"login": "fresh-1", "roles": [["field", "131121"]]})
    hire(bureau, "shut-1", ("field", "131121"))
    shut = account_id(portal, "shut-1")
    assert bureau.call("PUT", f"/api/accounts/{shut}/disabled", json={"disabled": True}).status_code == 204

    def refused(login: str, password: str = "falsch-falsch") -> tuple[int, str]:
        words = {"login": login, "password": password}
        answer = httpx.post(f"{portal.url}/sign-in", data=words, trust_env=False)
        return answer.status_code, answer.text.replace(login, "")

    told = {refused("known-1"), refused("nobody-at-all"), refused("fresh-1"), refused("shut-1", PASSWORD)}
    assert {status for status, _ in told} == {401}
    assert len(told) == 1


def test_names_that_are_borne_and_names_that_are_not_are_slowed_alike(tmp_path: Path) -> None:
    with served(workspace_in(tmp_path / "w")) as portal:
        first_account(portal)
        answers = {}
        for login in ("admin", "nobody"):
            words = {"login": login, "password": "falsch-falsch"}
            answers[login] = [
                httpx.post(f"{portal.url}/sign-in", data=words, trust_env=False).status_code for _ in range(12)
            ]
        # Another address in a header is no other address: 60 tries of one are the most.
        spread = [
            httpx.post(f"{portal.url}/sign-in", data={"login": f"n{n}", "password": "x"},
                       headers={"X-Forwarded-For": f"10.0.0.{n}"}, trust_env=False).status_code
            for n in range(45)
        ]  # fmt: skip
    assert answers["admin"] == answers["nobody"]
    assert answers["nobody"][-1] == spread[-1] == 429
    assert spread[0] == 401


def test_a_name_that_nobody_bears_costs_a_password_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ecotrack import accounts
    from ecotrack.errors import SignInRefused
    from ecotrack.register.portal_file import PortalFile

    looked: list[str] = []
    real: Callable[[str, str], bool] = accounts._verify
    monkeypatch.setattr(accounts, "_verify", lambda kept, given: looked.append(kept[:9]) or real(kept, given))
    book = accounts.Accounts(PortalFile(tmp_path / "p.db"))
    with pytest.raises(SignInRefused):
        book.sign_in("nobody", "x")
    assert looked == ["$argon2id"]


def test_guessing_passwords_is_slowed(portal: Served, bureau: Person) -> None:
    hire(bureau, "guessed", ("field", "131121"))
    words = {"login": "guessed", "password": "wrong-wrong"}
    answers = [httpx.post(f"{portal.url}/sign-in", data=words, trust_env=False).status_code for _ in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_uploads_of_one_account_are_bounded(bureau: Person) -> None:
    busy = hire(bureau, "busy", ("field", "131121"))
    answers = [busy.send(b"x", unit="131121") for _ in range(42)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_disabled_account_is_out_at_once(portal: Served, bureau: Person) -> None:
    leaver = hire(bureau, "leaver", ("field", "131121"))
    page = bureau.client.get("/accounts").text
    account_id = re.search(r'data-id="([^"]+)">\s*<b>leaver', page)
    assert account_id is not None
    assert bureau.call("PUT", f"/api/accounts/{account_id[1]}/disabled", json={"disabled": True}).status_code == 204
    assert leaver.client.get("/api/uploads").status_code == 401


def test_erasing_a_person_leaves_the_chain_whole(portal: Served, bureau: Person) -> None:
    from ecotrack.register import Register, audit

    made = bureau.call(
        "POST", "/api/accounts", json={"login": "gone-1", "name": "王小明", "phone": "13900001111", "roles": []}
    )
    assert made.status_code == 201
    found = re.search(r'data-id="([^"]+)">\s*<b>gone-1', bureau.client.get("/accounts").text)
    assert found is not None
    assert bureau.call("DELETE", f"/api/accounts/{found[1]}/person").status_code == 204
    page = bureau.client.get("/accounts").text
    assert "王小明" not in page
    assert "13900001111" not in page
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        assert audit(register).head == register.head()


def test_every_answer_carries_the_headers_of_safety(zaoqiang: Person) -> None:
    for path in ("/", "/api/uploads", "/static/portal.css", "/nothing-here"):
        headers = zaoqiang.client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_broken_connection_leaves_a_part_that_is_gone_on_with(portal: Served, zaoqiang: Person) -> None:
    data, place = plots(x=116.04), urlsplit(portal.url)
    for tenth in range(1, 10):
        upload_id, cut = new_id(), len(data) * tenth // 10
        with socket.create_connection((place.hostname, place.port)) as wire:
            head = (
                f"PUT /api/uploads/{upload_id}?name=a.geojson&unit=131121 HTTP/1.1\r\nHost: {place.netloc}\r\n"
                f"Cookie: ecotrack={zaoqiang.client.cookies['ecotrack']}\r\nX-CSRF-Token: {zaoqiang.csrf}\r\n"
                f"Content-Length: {len(data)}\r\nUpload-Length: {len(data)}\r\n\r\n"
            )
            wire.sendall(head.encode() + data[:cut])
            kept = _kept(zaoqiang, upload_id, cut)
        assert kept == cut
        rest = {"Upload-Offset": str(cut), "Upload-Length": str(len(data))}
        for _ in range(100):
            answer = zaoqiang.call(
                "PUT", f"/api/uploads/{upload_id}?name=a.geojson&unit=131121", content=data[cut:], headers=rest
            )
            if answer.status_code != 429 or answer.headers["retry-after"] != "5":
                break
            time.sleep(0.05)
        assert answer.status_code == 201, answer.text


def _kept(person: Person, upload_id: str, wanted: int) -> int:
    for _ in range(100):
        kept = int(person.call("HEAD", f"/api/uploads/{upload_id}").headers["upload-offset"])
        if kept >= wanted:
            return kept
        time.sleep(0.02)
    return kept


@pytest.mark.parametrize(
    "password",
    ["12345678", "123456789012", "11111111", "abc12345", "abcd1234", "Aa123456", "qq123456", "password1", "P@ssw0rd",
     "qwerty123", "1qaz2wsx", "1q2w3e4r", "admin888", "iloveyou1", "hengshui2026", "abcabcabc", "13812345678",
     "neu-07-neu-07", "neu-07-2026", "kurz-1"],
)  # fmt: skip
def test_the_passwords_that_everybody_tries_first_are_weak(password: str) -> None:
    assert weakness(password, "neu-07") is not None


@pytest.mark.parametrize("password", [PASSWORD, "falsch-falsch", "maple-17-ditch", "梨树湾第三个闸口", "Kx7#mWq2"])
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    assert weakness(password, "neu-07") is None


def test_a_weak_password_is_refused_in_plain_words_and_the_link_still_stands(portal: Served, bureau: Person) -> None:
    made = bureau.call("POST", "/api/accounts", json={"login": "neu-07", "roles": [("field", "131121")]})
    words = {"secret": made.json()["secret"], "password": "12345678", "again": "12345678"}
    refused = httpx.post(f"{portal.url}/start", data=words, trust_env=False)
    assert refused.status_code == 400
    assert "这个密码太容易猜到：只有数字" in refused.text
    words |= {"password": PASSWORD, "again": PASSWORD}
    assert httpx.post(f"{portal.url}/start", data=words, trust_env=False).status_code == 303
