"""The verb ``serve``: the portal on one port."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecotrack.cli.context import open_workspace, speak
from ecotrack.cli.language import Misuse, command, option, say
from ecotrack.errors import MissingExtra

if TYPE_CHECKING:
    from ecotrack.accounts import Accounts

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@command(
    "serve",
    help=say(
        """启动网上报送：外业上传、审核、指标和地图，一个程序、一个端口。

        默认只有本机能打开。第一次启动会显示一个一次性链接，用来建立管理员账号。""",
        """Start the portal: uploads, review, figures and map, one process on one port.

        Only this machine can reach it by default. The first start prints a one-time link for the first account.""",
    ),
    epilog=say(
        "示例：ecotrack serve；对办公网：ecotrack serve --host 0.0.0.0 --name 本机名 --tls-cert 证书 --tls-key 私钥",
        "Examples: ecotrack serve; for the office: ecotrack serve --host 0.0.0.0 --name NAME --tls-cert C --tls-key K",
    ),
)
@option("--host", default="127.0.0.1", show_default=True, help=say("监听地址", "address to bind"))
@option("--port", type=click.IntRange(0, 65535), default=8040, show_default=True, help=say("端口", "port"))
@option(
    "--name", "names", multiple=True, help=say("别人访问本机用的名称或地址（可多次）", "name by which it is called")
)
@option("--tls-cert", type=_FILE, help=say("证书（PEM）", "certificate (PEM)"))
@option("--tls-key", type=_FILE, help=say("私钥（PEM）", "its key (PEM)"))
@option(
    "--behind-proxy",
    is_flag=True,
    help=say("前面有本机的 https 反向代理", "an https proxy on this machine is before it"),
)
@option(
    "--max-mb", type=click.IntRange(1, 400), default=400, show_default=True, help=say("上传上限（MB）", "upload limit")
)
@option(
    "--uploads-per-minute",
    type=click.IntRange(1, 1_000_000),
    default=600,
    show_default=True,
    help=say("每个账号每分钟的上传次数", "uploads of one account in a minute"),
)
@click.pass_context
def serve(
    ctx: click.Context,
    host: str,
    port: int,
    names: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    max_mb: int,
    uploads_per_minute: int,
) -> None:
    """Serve the workspace until it is stopped."""
    try:
        import uvicorn

        from ecotrack.desk.counter import Counter
        from ecotrack.web.app import create_app
        from ecotrack.web.listening import check_certificate, is_host, listen_at
        from ecotrack.web.patience import Patience
        from ecotrack.web.portal import Options
    except ImportError as error:
        raise MissingExtra(name=error.name, extra="serve") from error
    if (tls_cert is None) != (tls_key is None):
        raise Misuse("--tls-cert 证书 和 --tls-key 私钥 要一起写", "give --tls-cert FILE and --tls-key FILE together")
    if wrong := next((name for name in names if not is_host(name)), None):
        raise Misuse(
            f"--name 只写名称或地址，如 10.1.2.3，不带 https:// 和端口；现在是 {wrong}",
            f"--name takes a name or address alone, such as 10.1.2.3, without https:// or port; it is {wrong}",
        )
    if tls_cert is not None and tls_key is not None:
        check_certificate(tls_cert, tls_key)
    https = tls_cert is not None or behind_proxy
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    workspace = open_workspace(ctx)
    listening = listen_at(host, port)
    counter = Counter(workspace)
    options = Options(
        https=https,
        hosts=(*_LOOPBACK, *names, *([host] if host not in ("0.0.0.0", "::") else [])),
        max_upload_bytes=max_mb << 20,
        uploads_a_minute=uploads_per_minute,
    )
    config = uvicorn.Config(
        create_app(counter, options),
        host=host,
        port=port,
        # Paths may carry what a log must not keep; errors are logged by number.
        access_log=False,
        log_level="warning",
        server_header=False,
        http=Patience,
        timeout_keep_alive=20,
        proxy_headers=behind_proxy,
        forwarded_allow_ips="127.0.0.1" if behind_proxy else None,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    shown = names[0] if names else ("127.0.0.1" if host in ("0.0.0.0", "::") else host)
    url = f"{'https' if tls_cert else 'http'}://{shown}:{listening.getsockname()[1]}"
    _tell(ctx, url, host, counter.accounts)
    uvicorn.Server(config).run(sockets=[listening])


def _tell(ctx: click.Context, url: str, host: str, accounts: Accounts) -> None:
    speak(ctx, f"网上报送已启动：{url}（按 Ctrl+C 停止）", f"the portal runs at {url} (Ctrl+C stops it)")
    if accounts.none_yet():
        secret = accounts.link(None, by="ecotrack serve")
        speak(
            ctx,
            f"还没有管理员。请打开这个一次性链接建立账号（24 小时内有效）：\n{url}/start#{secret}",
            f"there is no account yet. Open this one-time link within 24 hours:\n{url}/start#{secret}",
        )
    if host == "127.0.0.1":
        speak(
            ctx,
            "目前只有本机能打开；对办公网开放见 docs/portal.md：--host 0.0.0.0 --name 本机地址 --tls-cert --tls-key",
            "only this machine can reach it; docs/portal.md says how the office can: --host 0.0.0.0 --name --tls-cert",
        )
