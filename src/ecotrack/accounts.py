"""Accounts of the portal: who somebody is, and what they may do for which units.

The sign-in name (a work number, 工号) is what the register's chain holds. The person's name and telephone number stand
only in the portal's own file, so that they can be erased while the chain stays whole.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ecotrack.errors import BadAccount, BadLink, NameTaken, NotAllowed, SignInRefused, Text, WeakPassword
from ecotrack.register import new_id
from ecotrack.register.portal_file import PortalFile

RoleName = Literal["field", "reviewer", "office", "bureau"]

ROLES: dict[RoleName, Text] = {
    "field": Text("外业人员", "field worker"),
    "reviewer": Text("审核人员", "reviewer"),
    "office": Text("单位填报", "unit office"),
    "bureau": Text("管理员", "bureau"),
}
"""Roles, and what they are called."""

EVERY_UNIT = ""
"""Stands for all units where a role names one."""

LEAST_PASSWORD = 8
SESSION_S = 12 * 3600
LINK_S = 24 * 3600
_NAME = re.compile(r"[\w][\w-]{1,39}")
_AT_ONCE = threading.BoundedSemaphore(2)  # each password takes 19 MiB of memory while it is worked on
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


_LEAST_DISTINCT = 5
_LEAST_BESIDE_DIGITS = 4
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn", "qazwsxedcrfvtgb",
    "a1b2c3d4e5f6g7h8", "1q2w3e4r5t6y7u8i9o0p", "qweasdzxc",
)  # fmt: skip
_EVERYBODYS = frozenset({
    "password", "passwd", "passwords", "pass", "mima", "admin", "administrator", "root", "user", "guest", "test",
    "login", "welcome", "letmein", "iloveyou", "woaini", "woaiwojia", "woaizhongguo", "zhongguo", "china", "hello",
    "dragon", "monkey", "superman", "hengshui", "hebei", "ecotrack", "shengtai", "xiufu", "linye", "changeme",
    "default", "qwerty", "abcd", "abcdef",
})  # fmt: skip
_LOOKALIKE = str.maketrans("@$01357", "asoiest")


def weakness(password: str, login: str) -> Text | None:
    """Return why a password would be among the first that somebody tries, or ``None``.

    Examples
    --------
    >>> [weakness(text, "zq-01").en for text in ("12345678", "P@ssw0rd", "zq-01zq-01", "abcd1234")]
    ['digits alone', 'a word that everybody uses', 'the sign-in name', 'keys in a row']
    >>> weakness("三月栽树浇水九月", "zq-01") is weakness("maple-17-ditch", "zq-01") is None
    True
    """
    text, name = password.casefold(), login.casefold()
    # What stands before and behind a common word hides nothing.
    core = text.strip("0123456789 .,;:!@#$%^&*()_+-=~`'\"?/\\|<>[]{}")
    beside_digits = [letter for letter in text if not letter.isdigit()]
    tests = (
        (len(text) < LEAST_PASSWORD, Text(f"不到 {LEAST_PASSWORD} 个字符", f"fewer than {LEAST_PASSWORD} characters")),
        (
            bool(name) and len(text.replace(name, "")) < LEAST_PASSWORD and name in text,
            Text("用了用户名", "the sign-in name"),
        ),
        (not beside_digits, Text("只有数字", "digits alone")),
        (len(beside_digits) < _LEAST_BESIDE_DIGITS, Text("几乎只有数字", "hardly anything but digits")),
        (
            len({*text}) < _LEAST_DISTINCT or text in (text + text)[1:-1],
            Text("是重复的字符", "the same again and again"),
        ),
        (
            any(core in row or core in row[::-1] for row in _ROWS if len(core) > 2),
            Text("是键盘或字母表上连着的一串", "keys in a row"),
        ),
        (core.translate(_LOOKALIKE) in _EVERYBODYS, Text("是人人都用的词", "a word that everybody uses")),
    )
    return next((why for holds, why in tests if holds), None)


@cache
def _nobody() -> str:
    """Return a password that nobody has; made once, and not before somebody signs in."""
    return _HASHER.hash(secrets.token_hex(16))


class Role(NamedTuple):
    """One thing that an account may do, for one unit or (`EVERY_UNIT`) for all."""

    role: RoleName
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in.

    Attributes
    ----------
    login
        The sign-in name: what the register holds.
    name, phone
        Personal data, outside the register.
    """

    account_id: str
    login: str
    name: str
    phone: str
    roles: frozenset[Role]
    disabled: bool = False

    def may(self, role: RoleName, unit: str | None = None) -> bool:
        """Tell whether the account has a role, for a unit where one is named; the bureau's role is no other role.

        Examples
        --------
        >>> roles = frozenset({Role("field", "131121")})
        >>> zhang = Account(account_id="1", login="zq-01", name="", phone="", roles=roles)
        >>> zhang.may("field"), zhang.may("field", "131121"), zhang.may("field", "131122"), zhang.may("reviewer")
        (True, True, False, False)
        """
        return any(has.role == role and (unit is None or has.unit in (EVERY_UNIT, unit)) for has in self.roles)

    def units(self, *roles: RoleName) -> frozenset[str]:
        """Return the units for which the account has any of some roles; `EVERY_UNIT` among them is all."""
        return frozenset(has.unit for has in self.roles if has.role in roles)


def sha256_of(secret: str) -> str:
    """Return what is kept of a secret: never the secret itself."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Accounts:
    """The accounts of one portal."""

    def __init__(self, file: PortalFile) -> None:
        self._file = file

    def none_yet(self) -> bool:
        """Tell whether nobody with a password could sign in and manage accounts."""
        sql = """SELECT 1 FROM account JOIN role USING (account_id)
                 WHERE role = 'bureau' AND password IS NOT NULL AND NOT disabled LIMIT 1"""
        return self._file.one(sql) is None

    def all(self) -> list[Account]:
        """Return every account by sign-in name."""
        return [self._account(row) for row in self._file.all("SELECT * FROM account ORDER BY login")]

    def get(self, account_id: str) -> Account | None:
        """Return the account with an id."""
        row = self._file.one("SELECT * FROM account WHERE account_id = ?", (account_id,))
        return self._account(row) if row else None

    def _account(self, row: dict[str, Any]) -> Account:
        roles = self._file.all("SELECT role, unit FROM role WHERE account_id = ?", (row["account_id"],))
        return Account(
            account_id=row["account_id"],
            login=row["login"],
            name=row["name"],
            phone=row["phone"],
            roles=frozenset(Role(has["role"], has["unit"]) for has in roles),
            disabled=bool(row["disabled"]),
        )

    def add(self, login: str, *, roles: Iterable[Role], by: str, name: str = "", phone: str = "") -> Account:
        """Make an account that has no password yet.

        Raises
        ------
        BadAccount, NameTaken
            The name cannot be one, or somebody bears it.
        """
        if not _NAME.fullmatch(login):
            raise BadAccount("", detail=login[:40])
        if self._file.one("SELECT 1 AS found FROM account WHERE login = ?", (login,)):
            raise NameTaken("", name=login)
        account_id = new_id()
        with self._file.change() as change:
            row = (account_id, login, name, phone, None, _now(), 0)
            change("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            for has in sorted(set(roles)):
                change("INSERT INTO role VALUES (?, ?, ?)", (account_id, *has))
            _trail(change, by, "add", account_id)
        return self._sure(account_id)

    def _sure(self, account_id: str) -> Account:
        account = self.get(account_id)
        if account is None:
            raise NotAllowed("")
        return account

    def set_roles(self, account_id: str, roles: Iterable[Role], *, by: str) -> Account:
        """Give an account other roles; its sessions end.

        Raises
        ------
        NotAllowed
            There is no such account.
        """
        self._sure(account_id)
        with self._file.change() as change:
            change("DELETE FROM role WHERE account_id = ?", (account_id,))
            for has in sorted(set(roles)):
                change("INSERT INTO role VALUES (?, ?, ?)", (account_id, *has))
            change("DELETE FROM session WHERE account_id = ?", (account_id,))
            _trail(change, by, "roles", account_id)
        return self._sure(account_id)

    def disable(self, account_id: str, *, by: str, disabled: bool = True) -> None:
        """Keep an account from signing in, at once, or let it again."""
        self._sure(account_id)
        with self._file.change() as change:
            change("UPDATE account SET disabled = ? WHERE account_id = ?", (int(disabled), account_id))
            change("DELETE FROM session WHERE account_id = ?", (account_id,))
            _trail(change, by, "disable" if disabled else "enable", account_id)

    def erase(self, account_id: str, *, by: str) -> None:
        """Forget the person: name, telephone number, password, tokens. The work number stays, as the chain needs it."""
        self._sure(account_id)
        with self._file.change() as change:
            sql = "UPDATE account SET name = '', phone = '', password = NULL, disabled = 1 WHERE account_id = ?"
            change(sql, (account_id,))
            for table in ("session", "token", "link"):
                change(f"DELETE FROM {table} WHERE account_id = ?", (account_id,))
            _trail(change, by, "erase", account_id)

    def link(self, account_id: str | None, *, by: str) -> str:
        """Return a one-time secret with which a password is set; ``None`` makes the first account.

        A new link makes older ones of the same account void.
        """
        secret = secrets.token_urlsafe(24)
        with self._file.change() as change:
            change("DELETE FROM link WHERE account_id IS ?", (account_id,))
            change("INSERT INTO link VALUES (?, ?, ?)", (sha256_of(secret), account_id, time.time() + LINK_S))
            _trail(change, by, "link", account_id or "")
        return secret

    def linked(self, secret: str) -> Account | None:
        """Return whose link this is; ``None`` for the link of the first account.

        Raises
        ------
        BadLink
            It was used, has run out, or never was.
        """
        sql = "SELECT account_id FROM link WHERE link_sha256 = ? AND expires_at > ?"
        row = self._file.one(sql, (sha256_of(secret), time.time()))
        if row is None:
            raise BadLink("")
        return self.get(row["account_id"]) if row["account_id"] else None

    def use_link(self, secret: str, *, password: str, login: str = "") -> Account:
        """Set the password of the link's account, or make the first account; the link is void afterwards.

        Raises
        ------
        BadLink, WeakPassword, BadAccount, NameTaken
            Nothing has changed.
        """
        account = self.linked(secret)
        name = account.login if account else login
        weak = weakness(password, name)
        if weak is not None:
            raise WeakPassword("", why_zh=weak.zh, why_en=weak.en, least=LEAST_PASSWORD)
        if account is None:
            account = self.add(login, roles=[Role("bureau", EVERY_UNIT)], by="ecotrack serve")
        with _AT_ONCE:
            kept = _HASHER.hash(password)
        with self._file.change() as change:
            if not change("DELETE FROM link WHERE link_sha256 = ?", (sha256_of(secret),)):
                raise BadLink("")
            change("UPDATE account SET password = ? WHERE account_id = ?", (kept, account.account_id))
            change("DELETE FROM session WHERE account_id = ?", (account.account_id,))
            _trail(change, account.login, "password", account.account_id)
        return account

    def sign_in(self, login: str, password: str) -> str:
        """Return the secret of a new session; a name that nobody bears takes as long as a wrong password.

        Raises
        ------
        SignInRefused
            Without saying why.
        """
        row = self._file.one("SELECT account_id, password, disabled FROM account WHERE login = ?", (login.strip(),))
        nobody = _nobody()  # asked for in either case, so that the first to sign in tells nothing by waiting for it
        right = _verify(row["password"] if row and row["password"] else nobody, password)
        if not (row and row["password"] and right and not row["disabled"]):
            raise SignInRefused("")
        secret = secrets.token_urlsafe(32)
        with self._file.change() as change:
            change("DELETE FROM session WHERE expires_at < ?", (time.time(),))
            values = (sha256_of(secret), row["account_id"], time.time() + SESSION_S)
            change("INSERT INTO session VALUES (?, ?, ?)", values)
        return secret

    def of_session(self, secret: str) -> Account | None:
        """Return who a session belongs to, if it stands."""
        sql = """SELECT account.* FROM session JOIN account USING (account_id)
                 WHERE session_sha256 = ? AND expires_at > ? AND NOT disabled"""
        row = self._file.one(sql, (sha256_of(secret), time.time()))
        return self._account(row) if row else None

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self._file.change() as change:
            change("DELETE FROM session WHERE session_sha256 = ?", (sha256_of(secret),))

    def new_token(self, account_id: str, *, label: str) -> str:
        """Return a device token, which is shown this once."""
        secret = "eco_" + secrets.token_urlsafe(32)
        with self._file.change() as change:
            row = (new_id(), sha256_of(secret), account_id, label[:60], _now())
            change("INSERT INTO token VALUES (?, ?, ?, ?, ?, NULL)", row)
            _trail(change, account_id, "token", account_id)
        return secret

    def tokens(self, account_id: str) -> list[dict[str, Any]]:
        """Return the tokens of an account: id, label, when it was made and revoked."""
        sql = "SELECT token_id, label, created_at, revoked_at FROM token WHERE account_id = ? ORDER BY created_at"
        return self._file.all(sql, (account_id,))

    def all_tokens(self) -> dict[str, list[dict[str, Any]]]:
        """Return the tokens that stand, by account; never their secrets."""
        sql = """SELECT account_id, token_id, label, created_at FROM token WHERE revoked_at IS NULL
                 ORDER BY created_at"""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._file.all(sql):
            found.setdefault(row["account_id"], []).append(row)
        return found

    def revoke(self, token_id: str, *, account_id: str, by: str) -> None:
        """Make a token of an account void.

        Raises
        ------
        NotAllowed
            There is no such token, or it is void already.
        """
        with self._file.change() as change:
            sql = "UPDATE token SET revoked_at = ? WHERE token_id = ? AND account_id = ? AND revoked_at IS NULL"
            if not change(sql, (_now(), token_id, account_id)):
                raise NotAllowed("")
            _trail(change, by, "revoke", account_id)

    def of_token(self, secret: str) -> Account | None:
        """Return whose device token this is, if it stands."""
        sql = """SELECT account.* FROM token JOIN account USING (account_id)
                 WHERE token_sha256 = ? AND revoked_at IS NULL AND NOT disabled"""
        row = self._file.one(sql, (sha256_of(secret),))
        return self._account(row) if row else None

    def trail(self, *, most: int = 200) -> list[dict[str, Any]]:
        """Return what was done to accounts, newest first."""
        return self._file.all("SELECT * FROM trail ORDER BY number DESC LIMIT ?", (most,))

    def key(self) -> bytes:
        """Return the secret with which this portal signs; it is made once."""
        with self._file.change() as change:
            change("INSERT OR IGNORE INTO secret VALUES ('signing', ?)", (secrets.token_bytes(32),))
        row = self._file.one("SELECT value FROM secret WHERE key = 'signing'")
        return bytes(row["value"]) if row else b""


def _verify(kept: str, password: str) -> bool:
    try:
        with _AT_ONCE:
            return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _trail(change: Any, by: str, what: str, about: str) -> None:
    change("INSERT INTO trail (at, by, what, about) VALUES (?, ?, ?, ?)", (_now(), by, what, about))
