"""Signing in and out, one-time links, accounts, device tokens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from ecotrack.accounts import EVERY_UNIT, ROLES, SESSION_S, Role, RoleName
from ecotrack.errors import BadAccount, EcotrackError, NotAllowed, UnitClosed
from ecotrack.web.gate import COOKIE, Gate, NotSignedIn, refuse_other_site
from ecotrack.web.portal import Portal
from ecotrack.workspace import today

Short = Annotated[str, Form(max_length=200)]


class NewAccount(BaseModel):
    """An account to be made."""

    login: str = Field(min_length=2, max_length=40)
    name: str = Field("", max_length=60)
    phone: str = Field("", max_length=30)
    roles: list[tuple[RoleName, str]] = Field(default=[], max_length=60)


class NewRoles(BaseModel):
    """The roles that an account is to have; the unit is a code, or empty for all units."""

    roles: list[tuple[RoleName, str]] = Field(default=[], max_length=60)


class Label(BaseModel):
    """What a device is called."""

    label: str = Field("", max_length=60)


class Disabled(BaseModel):
    """Whether an account may sign in."""

    disabled: bool


class Secret(BaseModel):
    """A secret that is shown once."""

    secret: str


def local_path(text: str) -> str:
    r"""Return where to go after signing in: a path of this portal, never another site.

    Examples
    --------
    >>> local_path("/review"), local_path("//evil.example"), local_path("/\\evil"), local_path("https://evil.example")
    ('/review', '/', '/', '/')
    """
    fine = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if fine else "/"


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def pages(portal: Portal) -> APIRouter:
    """Return the pages of signing in."""
    router = APIRouter(include_in_schema=False)
    _add_sign_in(router, portal)
    _add_start(router, portal)
    _add_people(router, portal)
    return router


def _refused(portal: Portal, request: Request, page: str, error: EcotrackError, **values: Any) -> Response:
    return portal.page(request, page, status=status_of(error), error=error.message("zh"), **values)


def _with_session(gate: Gate, answer: Response, secret: str) -> Response:
    cookie = gate.cookie(secret)
    answer.set_cookie(COOKIE, cookie, max_age=SESSION_S, httponly=True, samesite="lax", secure=gate.secure)
    return answer


def _add_sign_in(router: APIRouter, portal: Portal) -> None:
    gate, accounts = portal.gate, portal.gate.accounts

    @router.get("/sign-in")
    def form(request: Request, next: str = "/") -> Response:
        return portal.page(request, "sign_in.html", error="", next=local_path(next), login="")

    @router.post("/sign-in")
    def sign_in(request: Request, login: Short, password: Short, next: Short = "/") -> Response:
        try:
            refuse_other_site(request)
            portal.visits.take(_client(request))
            portal.sign_ins.take(login.strip().casefold())
            secret = accounts.sign_in(login, password)
            portal.sign_ins.give_back(login.strip().casefold())
        except EcotrackError as error:
            return _refused(portal, request, "sign_in.html", error, next=local_path(next), login=login)
        old = gate.secret_of(request)
        if old:
            accounts.sign_out(old)
        return _with_session(gate, RedirectResponse(local_path(next), status_code=303), secret)

    @router.post("/sign-out")
    def sign_out(request: Request, csrf: Short) -> Response:
        secret = gate.secret_of(request)
        if secret and csrf == gate.csrf(secret):
            accounts.sign_out(secret)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer


def _add_start(router: APIRouter, portal: Portal) -> None:
    gate, accounts = portal.gate, portal.gate.accounts

    @router.get("/start")
    def start(request: Request) -> Response:
        # The link's secret stands behind the #, which no browser sends and no log keeps.
        return portal.page(request, "start.html", error="", first=accounts.none_yet(), login="")

    @router.post("/start")
    def use_link(request: Request, secret: Short, password: Short, again: Short = "", login: Short = "") -> Response:
        try:
            refuse_other_site(request)
            portal.visits.take(_client(request))
            if password != again:
                raise BadAccount("", detail="两次输入的密码不一样")
            account = accounts.use_link(secret, password=password, login=login.strip())
        except EcotrackError as error:
            return _refused(portal, request, "start.html", error, first=accounts.none_yet(), login=login)
        session = accounts.sign_in(account.login, password)
        return _with_session(gate, RedirectResponse("/", status_code=303), session)


def _add_people(router: APIRouter, portal: Portal) -> None:
    gate, accounts = portal.gate, portal.gate.accounts

    @router.get("/accounts")
    def accounts_(request: Request) -> Response:
        visitor = gate.require(request, "bureau")
        units = portal.counter.workspace.units
        values: dict[str, Any] = {"accounts": accounts.all(), "units": units, "all_roles": ROLES}
        values["open_units"] = units.reporting_on(today())
        values |= {"trail": accounts.trail(most=30), "tokens": accounts.all_tokens()}
        names = {account.account_id: account.login for account in accounts.all()}
        return portal.page(request, "accounts.html", visitor, names=names, **values)

    @router.get("/me")
    def me(request: Request) -> Response:
        visitor = gate.require(request)
        return portal.page(request, "me.html", visitor, tokens=accounts.tokens(visitor.account.account_id))


def status_of(error: EcotrackError) -> int:
    """Return the HTTP status for an error."""
    from ecotrack.web.answers import STATUS

    return STATUS.get(type(error), 400)


def routes(portal: Portal) -> APIRouter:
    """Return the routes of accounts and device tokens."""
    router = APIRouter(prefix="/api", tags=["accounts"])
    _add_accounts(router, portal)
    _add_doors(router, portal)
    _add_tokens(router, portal)
    return router


def _known(portal: Portal, roles: list[tuple[RoleName, str]]) -> list[Role]:
    units = portal.counter.workspace.units
    for _, unit in roles:
        if unit == EVERY_UNIT:
            continue
        known = units.get(unit)
        if known is None:
            raise BadAccount("", detail=f"没有代码为 {unit[:40]} 的单位")
        if not known.stands_on(today()):
            raise UnitClosed("", name=known.name_zh, day=known.until)
    return [Role(*one) for one in roles]


def _add_accounts(router: APIRouter, portal: Portal) -> None:
    gate, accounts = portal.gate, portal.gate.accounts

    @router.post("/accounts", status_code=201)
    def add(request: Request, new: NewAccount) -> Secret:
        """Make an account; the answer is the one-time secret of the link with which its password is set."""
        visitor = gate.require(request, "bureau")
        by = visitor.account.login
        account = accounts.add(new.login, roles=_known(portal, new.roles), by=by, name=new.name, phone=new.phone)
        return Secret(secret=accounts.link(account.account_id, by=by))

    @router.post("/accounts/{account_id}/link", status_code=201)
    def link(request: Request, account_id: str) -> Secret:
        """Give an account a new one-time link."""
        visitor = gate.require(request, "bureau")
        if accounts.get(account_id) is None:
            raise NotAllowed("")
        return Secret(secret=accounts.link(account_id, by=visitor.account.login))

    @router.put("/accounts/{account_id}/roles", status_code=204)
    def roles_(request: Request, account_id: str, new: NewRoles) -> None:
        """Give an account other roles; its sessions end."""
        visitor = gate.require(request, "bureau")
        if account_id == visitor.account.account_id:
            raise BadAccount("", detail="不能改自己的角色")
        accounts.set_roles(account_id, _known(portal, new.roles), by=visitor.account.login)


def _add_doors(router: APIRouter, portal: Portal) -> None:
    gate, accounts = portal.gate, portal.gate.accounts

    @router.put("/accounts/{account_id}/disabled", status_code=204)
    def disable(request: Request, account_id: str, wish: Disabled) -> None:
        """Keep an account out at once, or let it in again."""
        visitor = gate.require(request, "bureau")
        if account_id == visitor.account.account_id:
            raise BadAccount("", detail="不能停用自己")
        accounts.disable(account_id, by=visitor.account.login, disabled=wish.disabled)

    @router.delete("/accounts/{account_id}/person", status_code=204)
    def erase(request: Request, account_id: str) -> None:
        """Erase the personal data of an account; the chain is not touched."""
        visitor = gate.require(request, "bureau")
        if account_id == visitor.account.account_id:
            raise BadAccount("", detail="不能删除自己的资料")
        portal.counter.erase_person(account_id, by=visitor.account.login)


def _add_tokens(router: APIRouter, portal: Portal) -> None:
    gate, accounts = portal.gate, portal.gate.accounts

    @router.post("/tokens", status_code=201)
    def token(request: Request, wish: Label) -> Secret:
        """Make a device token of one's own; only a signed-in person can, not another token."""
        visitor = gate.require(request)
        if not visitor.csrf:
            raise NotSignedIn
        return Secret(secret=accounts.new_token(visitor.account.account_id, label=wish.label))

    @router.delete("/tokens/{token_id}", status_code=204)
    def revoke(request: Request, token_id: str) -> None:
        """Make one's own device token void."""
        visitor = gate.require(request)
        accounts.revoke(token_id, account_id=visitor.account.account_id, by=visitor.account.login)

    @router.delete("/accounts/{account_id}/tokens/{token_id}", status_code=204)
    def revoke_of(request: Request, account_id: str, token_id: str) -> None:
        """Make a device token of somebody void: the device was lost."""
        visitor = gate.require(request, "bureau")
        accounts.revoke(token_id, account_id=account_id, by=visitor.account.login)
