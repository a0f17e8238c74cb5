"""``modalshift serve``: web pages and API."""

from __future__ import annotations

import click

from optimizer.cli.command import Verb, option
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message

ENTRY_POINT_GROUP = "modalshift.serve"


@click.command(cls=Verb, about=Message("打开网页与接口服务", "serve the web pages and the API"))
@option("--host", default="127.0.0.1", show_default=True, zh="监听地址", en="address to listen on")
@option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), zh="端口，0 为任选", en="port; 0 for any"
)
@option("--demo", is_flag=True, zh="演示模式：一键登录演示用户", en="demo mode: demo users log in with one click")
@option(
    "--log-format",
    type=click.Choice(["none", "json"]),
    default="none",
    show_default=True,
    zh="每个请求一行 JSON 日志（标准错误）",
    en="one line of JSON for each request, on standard error",
)
def serve(host: str, port: int, demo: bool, log_format: str) -> None:
    """The web side registers itself as an entry point, so that the domain never imports it."""
    from importlib.metadata import entry_points

    doors = list(entry_points(group=ENTRY_POINT_GROUP))
    if not doors:
        raise InputError(
            Message(
                "没有找到网页部分。请先安装本项目：pip install --no-deps -e .",
                "The web side is not registered. Install the project first: pip install --no-deps -e .",
            )
        )
    session = current_session()
    # A misspelt name must not become an empty house in which nobody can sign in.
    session.require_database()
    doors[0].load()(
        host=host,
        port=port,
        demo=demo,
        db_url=session.db_url,
        network_dir=session.network_dir,
        lang=session.lang,
        log_format=log_format,
    )
