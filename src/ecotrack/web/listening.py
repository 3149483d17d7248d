"""Where the portal listens: told before anything is opened where it cannot be so."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from pathlib import Path

from ecotrack.errors import BadCertificate, CannotListen

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")


def is_host(name: str) -> bool:
    """Tell whether a text is the name or address of a machine, without scheme, port or path.

    Examples
    --------
    >>> [is_host(text) for text in ("10.1.2.3", "portal.example.gov.cn", "https://10.1.2.3", "10.1.2.3:8040", "")]
    [True, True, False, False, False]
    """
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return _HOST_NAME.fullmatch(name) is not None
    return True


def listen_at(host: str, port: int) -> socket.socket:
    """Return a bound socket.

    Parameters
    ----------
    port
        0 for any that is free.

    Raises
    ------
    CannotListen
        The port is taken, or the address is none of this machine's.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(place=f"{host}:{port}", detail=error) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
        bound.listen()  # of two that bind the same port, this tells the second
    except OSError as error:
        bound.close()
        raise CannotListen(place=f"{host}:{port}", detail=error) from error
    return bound


def check_certificate(certificate: Path, key: Path) -> None:
    """Refuse a certificate and key with which no https can be spoken.

    Raises
    ------
    BadCertificate
        One of them is no PEM file, they do not belong together, or the key asks for a password.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise BadCertificate(certificate, detail=error) from error
