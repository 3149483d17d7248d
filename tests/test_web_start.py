"""How an office opens the portal to its network, word for word as docs/portal.md says, and what stands in the way."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecotrack.accounts import Accounts, Role
from ecotrack.cli.main import main
from ecotrack.register.portal_file import PortalFile
from portal_cases import ROOT, Served, plots, start, workspace_in

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl here")


def made_as_documented(folder: Path, address: str) -> tuple[Path, Path]:
    """Run the command of docs/portal.md for another address; return certificate and key."""
    text = (ROOT / "docs" / "portal.md").read_text(encoding="utf-8")
    found = re.search(r"^openssl .*?[^\\\\]$", text, re.MULTILINE | re.DOTALL)
    assert found
    command = found[0].replace("10.1.2.3", address)
    subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)
    return folder / "portal.crt", folder / "portal.key"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return made_as_documented(tmp_path_factory.mktemp("证书"), "127.0.0.1")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, pair: tuple[Path, Path]) -> Iterator[tuple[Served, str]]:
    """A portal over https with the office's own certificate, and the token of a field worker's device."""
    folder = workspace_in(tmp_path_factory.mktemp("办公室") / "w")
    portal = start(folder, "--tls-cert", str(pair[0]), "--tls-key", str(pair[1]))
    file = PortalFile(folder / "register" / "ecotrack.portal.db")
    accounts = Accounts(file)
    account = accounts.add("zq-01", roles=[Role("field", "131121")], by="test")
    token = accounts.new_token(account.account_id, label="x")
    file.close()
    yield portal, token
    portal.kill()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a call in both languages; return both complaints and the exit code."""

    def run(*arguments: object) -> tuple[str, str, int]:
        said = []
        for lang in ("zh", "en"):
            monkeypatch.setattr(sys, "argv", ["ecotrack", "--lang", lang, *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
            said.append(capsys.readouterr().err)
        return said[0], said[1], int(ended.value.code or 0)

    return run


def pushed(url: str, token: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"ECOTRACK_TOKEN": token, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT / "src")}
    line = [sys.executable, "-c", "from ecotrack.cli.main import main; main()", "push", *options, "--to", url]
    return subprocess.run(line, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120)


def test_the_certificate_of_the_docs_serves_https_and_push_trusts_it_alone_when_told_to(
    office: tuple[Served, str], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    portal, token = office
    file = tmp_path / "图.geojson"
    file.write_bytes(plots(x=115.70))
    asked = (str(file), "--season", "2026-spring", "--kind", "造林", "--json")
    assert portal.url.startswith("https://")
    stranger = pushed(portal.url, token, *asked)
    assert stranger.returncode == 3
    assert "--ca" in stranger.stderr
    sent = [pushed(portal.url, token, *asked, "--ca", str(pair[0])) for _ in range(2)]
    assert [one.returncode for one in sent] == [0, 0], sent[0].stderr
    first, again = (json.loads(one.stdout)["files"][0] for one in sent)
    assert first["told"]["ready"] == 3
    assert again["seq"] == first["seq"], "the same file is one upload"
    other, _ = made_as_documented(tmp_path, "10.1.2.3")
    assert "不在信任之列" in pushed(portal.url, token, *asked, "--ca", str(other)).stderr


def test_the_certificate_of_the_docs_is_one_that_phones_take(pair: tuple[Path, Path]) -> None:
    line = [str(OPENSSL), "x509", "-in", str(pair[0]), "-noout", "-text"]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    for part in ("TLS Web Server Authentication", "CA:TRUE", "IP Address:127.0.0.1"):
        assert part in said


def test_what_stands_in_the_way_of_a_push_is_said_and_nothing_passes_for_sent(
    office: tuple[Served, str], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    portal, token = office
    good, empty, none = (tmp_path / name for name in ("好.geojson", "空.geojson", "照片.zip"))
    good.write_bytes(plots(x=115.74))
    empty.write_bytes(b"")
    none.write_bytes(b"not a map")
    ca = ("--ca", str(pair[0]))
    cases = (
        (portal.url, "eco_wrong", good, (), 2, "设备口令不对或已作废"),
        (portal.url, token, good, ("--unit", "武邑县"), 2, "没有权限"),
        (portal.url, token, empty, (), 2, "文件是空的"),
        (portal.url, token, good, ("--season", "春天"), 1, "没有办成"),
        (portal.url, token, none, (), 1, "没有可登记的地块"),
        (f"{portal.url}/upload", token, good, (), 2, "地址要像"),
        (portal.url.removeprefix("https://"), token, good, (), 2, "地址要像"),
    )
    for url, word, file, options, code, words in cases:
        answer = pushed(url, word, str(file), *options, *ca)
        assert (answer.returncode, words in answer.stdout + answer.stderr) == (code, True), answer


def test_a_port_that_is_taken_is_told_before_anything_is_opened(told, tmp_path: Path) -> None:
    folder = workspace_in(tmp_path / "w")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        zh, en, code = told("-w", folder, "serve", "--port", taken.getsockname()[1])
    assert code == 2
    assert "端口已经有程序在用" in zh
    assert "--port" in zh
    assert "cannot be listened at" in en
    assert not (folder / "register").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--name", "https://10.1.2.3:8040"), "--name 只写名称或地址"),
        (("--tls-cert", "{key}", "--tls-key", "{crt}"), "PEM"),
        (("--tls-cert", "{crt}", "--tls-key", "{other}"), "证书和私钥不是一对"),
        (("--tls-cert", "{crt}", "--tls-key", "nowhere.key"), "不存在"),
        (("--tls-cert", "{crt}"), "一起写"),
    ],
)
def test_a_start_that_cannot_be_is_told_and_gives_no_link(
    told, tmp_path: Path, pair: tuple[Path, Path], options: tuple[str, ...], words: str
) -> None:
    folder = workspace_in(tmp_path / "w")
    _, other = made_as_documented(tmp_path, "127.0.0.1")
    given = [one.format(crt=pair[0], key=pair[1], other=other) for one in options]
    zh, en, code = told("-w", folder, "serve", *given)
    assert code == 2
    assert words in zh
    assert en.strip()
    assert not (folder / "register").exists(), "nothing is begun, and no link is spent"
