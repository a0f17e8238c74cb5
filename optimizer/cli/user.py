"""``modalshift user`` and ``modalshift token``: who may log in to pages and API, told from a shell on the server."""

from __future__ import annotations

import secrets
import sys
from datetime import datetime, timedelta

import click

from optimizer.access.tokens import RANDOM_BYTES
from optimizer.access.user import Role, User
from optimizer.cli.command import Program, Verb, option
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message
from optimizer.quantities import CHINA_TIME, iso


@click.group(cls=Program, invoke_without_command=True, about=Message("管理登录用户", "users who may log in"))
@click.pass_context
def user(ctx: click.Context) -> None:
    """Show the help when no verb is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@user.command("add", cls=Verb, about=Message("添加用户，口令从标准输入读", "add a user; password from standard input"))
@click.argument("login")
@option("--role", required=True, type=click.Choice([role.value for role in Role]), zh="角色", en="role")
@option("--party", "party_id", default="", metavar="ID", zh="所属参与方", en="the party the user belongs to")
@option("--name-zh", default="", metavar="NAME", zh="中文显示名", en="display name in Chinese")
@option("--name-en", default="", metavar="NAME", zh="英文显示名", en="display name in English")
def add(login: str, role: str, party_id: str, name_zh: str, name_en: str) -> None:
    """A password on the command line would end up in the shell's history."""
    from optimizer import actions

    fresh = User(actions.user_id_of(login), login, name_zh or login, name_en or login, Role(role), party_id)
    with current_session().store() as store:
        actions.add_user(store, fresh, _password(), datetime.now(CHINA_TIME))
    say(Message(f"已添加用户 {login}（{role}）", f"Added user {login} ({role})"))


@user.command("list", cls=Verb, about=Message("列出用户", "list users"))
def list_users() -> None:
    """Nobody's password is shown, not even its hash."""
    with current_session().store() as store, store.read() as session:
        users = session.users()
    lang = current_session().lang
    print_table(
        Message("用户", "Users"),
        [
            Message("登录名", "Login"),
            Message("显示名", "Name"),
            Message("角色", "Role"),
            Message("参与方", "Party"),
            Message("启用", "Active"),
        ],
        [
            [each.login, each.name(lang), each.role.value, each.party_id or "—", "✓" if each.active else "✗"]
            for each in users
        ],
    )


@user.command("password", cls=Verb, about=Message("重设口令，从标准输入读", "set a password, from standard input"))
@click.argument("login")
def password(login: str) -> None:
    """All sessions of the user end, and all tokens."""
    from optimizer import actions

    with current_session().store() as store:
        ended = actions.set_password(store, login, _password(), datetime.now(CHINA_TIME))
    say(Message(f"已重设 {login} 的口令；其会话全部结束", f"Set the password of {login}; all sessions end"))
    _say_revoked(ended)


@user.command("disable", cls=Verb, about=Message("停用用户", "keep a user out"))
@click.argument("login")
def disable(login: str) -> None:
    """At once: sessions of the user are refused, tokens revoked for good."""
    ended = _set_active(login, False)
    say(Message(f"已停用 {login}", f"{login} is kept out"))
    _say_revoked(ended)


@user.command("enable", cls=Verb, about=Message("启用用户", "let a user in again"))
@click.argument("login")
def enable(login: str) -> None:
    """The password is as it was, and so are sessions that were open; tokens are not."""
    _set_active(login, True)
    say(
        Message(
            f"已启用 {login}：口令照旧，停用前未退出的会话继续有效（重设口令即结束），令牌须重新发放",
            f"{login} may log in again with the same password; sessions open before go on (another password ends them),"
            " tokens have to be handed out anew",
        )
    )


@click.group(cls=Program, invoke_without_command=True, about=Message("管理接口令牌", "bearer tokens of the API"))
@click.pass_context
def token(ctx: click.Context) -> None:
    """Show the help when no verb is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@token.command("new", cls=Verb, about=Message("发放令牌，只显示一次", "hand out a token, shown once"))
@click.argument("login")
@option("--label", default="", metavar="TEXT", zh="用途", en="what it is for")
@option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), zh="有效天数", en="days until it expires"
)
def new(login: str, label: str, days: int) -> None:
    """Only its digest is stored."""
    from optimizer import actions

    now = datetime.now(CHINA_TIME)
    with current_session().store() as store:
        text, kept = actions.make_token(
            store, login, label, secrets.token_bytes(RANDOM_BYTES), now, now + timedelta(days=days)
        )
    say(
        Message(
            f"令牌 {kept.token_id}（{days} 天有效，仅显示这一次）：",
            f"Token {kept.token_id} ({days} days; shown once):",
        )
    )
    click.echo(text)


@token.command("list", cls=Verb, about=Message("列出令牌", "list tokens"))
def list_tokens() -> None:
    """The texts are not known here any more."""
    with current_session().store() as store, store.read() as session:
        names = {each.user_id: each.login for each in session.users()}
        kept = session.tokens()
    print_table(
        Message("令牌", "Tokens"),
        [
            Message("编号", "Id"),
            Message("用户", "User"),
            Message("用途", "For"),
            Message("失效", "Expires"),
            Message("吊销", "Revoked"),
        ],
        [
            [
                each.token_id,
                names.get(each.user_id, "—"),
                each.label or "—",
                iso(each.expires_at) if each.expires_at else "—",
                iso(each.revoked_at) if each.revoked_at else "—",
            ]
            for each in kept
        ],
    )


@token.command("revoke", cls=Verb, about=Message("吊销令牌", "revoke a token"))
@click.argument("token_id", required=False)
@option("--all-of", "login", default=None, metavar="LOGIN", zh="此用户的全部令牌", en="every token of this user")
def revoke(token_id: str | None, login: str | None) -> None:
    """For good."""
    from optimizer import actions

    if (token_id is None) == (login is None):
        raise InputError(
            Message("请给出一个令牌编号，或 --all-of 登录名。", "Name one token, or give --all-of with a login.")
        )
    with current_session().store() as store:
        if login is not None:
            ended = actions.revoke_tokens(store, login, datetime.now(CHINA_TIME))
        else:
            actions.revoke_token(store, str(token_id), datetime.now(CHINA_TIME))
            ended = [str(token_id)]
    _say_revoked(ended)


def _say_revoked(token_ids: list[str]) -> None:
    """Which tokens ended, by name: their holders have to be given others."""
    if token_ids:
        ids = ", ".join(token_ids)
        say(Message(f"已吊销 {len(token_ids)} 个令牌：{ids}", f"Tokens revoked: {len(token_ids)} ({ids})"))
    else:
        say(Message("没有有效的令牌需要吊销", "No valid token was left to revoke"))


def _set_active(login: str, active: bool) -> list[str]:
    from optimizer import actions

    with current_session().store() as store:
        return actions.set_active(store, login, active, datetime.now(CHINA_TIME))


def _password() -> str:
    """From a terminal without echo, twice; from a pipe the first line."""
    if sys.stdin.isatty():
        text: str = click.prompt("口令 / password", hide_input=True, confirmation_prompt=True)
        return text
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise InputError(
            Message(
                "没有口令。请在终端输入，或由管道传入一行。",
                "No password. Type it in a terminal, or hand in one line through a pipe.",
            )
        )
    return line
