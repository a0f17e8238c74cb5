"""``modalshift database``: an empty database for books of one's own."""

from __future__ import annotations

import click

from optimizer.cli.command import Program, Verb
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message


@click.group(
    cls=Program,
    invoke_without_command=True,
    about=Message("新建空数据库", "make a new, empty database"),
)
@click.pass_context
def database(ctx: click.Context) -> None:
    """Show the help when no verb is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@database.command(
    "create",
    cls=Verb,
    about=Message(
        "在 --db 处新建空数据库（SQLite 文件或 PostgreSQL）；已有时拒绝",
        "make an empty database at --db, a SQLite file or in PostgreSQL; refused where there is one",
    ),
)
def create() -> None:
    """Other verbs never make one: a misspelt name must not become an empty database in which every audit is clean."""
    from optimizer import actions

    session = current_session()
    store = actions.create_store(session.db_url)
    place = session.db_file or store.shown_url
    store.close()
    say(
        Message(
            f"已建立空数据库 {place}。接着用同一个 --db 添加第一位管理员：modalshift user add 登录名 "
            "--role administrator（口令从标准输入读），再 modalshift serve。",
            f"Made the empty database {place}. Next, with the same --db, add the first administrator: modalshift user "
            "add LOGIN --role administrator (password from standard input), then modalshift serve.",
        )
    )
