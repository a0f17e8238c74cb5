"""``modalshift party add|list``: the enterprises, the operator, carriers and ports that waybills name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from optimizer.cli.command import Program, Verb
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME


@click.group(cls=Program, invoke_without_command=True, about=Message("登记企业与其他参与方", "register parties"))
@click.pass_context
def party(ctx: click.Context) -> None:
    """Show the help when no verb is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@party.command(
    "add", cls=Verb, about=Message("登记一张表（CSV、XLSX）中的参与方", "register the parties of a table (CSV, XLSX)")
)
@click.argument("file", type=click.Path(path_type=Path))
def add(file: Path) -> None:
    """All of a file or nothing. A file that was added may come again with more rows; what is registered never
    changes."""
    from optimizer import actions
    from optimizer.waybills.party_file import read_party_file

    session = current_session()
    with session.store() as store:
        network, _ = session.tables(store)
        parties = read_party_file(file, network)
        new = actions.register_parties(store, parties, datetime.now(CHINA_TIME))
    say(
        Message(
            f"{file.name}：新登记 {new} 家，{len(parties) - new} 家此前已登记。",
            f"{file.name}: {new} registered, {len(parties) - new} were registered before.",
        )
    )


@party.command("list", cls=Verb, about=Message("列出参与方", "list parties"))
def list_parties() -> None:
    """In the order of their ids."""
    from optimizer.waybills.party_file import DOMAIN_WORDS, ROLE_WORDS

    with current_session().store() as store, store.read() as session:
        parties = session.parties().values()
    lang = current_session().lang
    roles: dict[str, str] = {}
    domains: dict[str, str] = {}
    if lang == "zh":
        roles, domains = _turned(ROLE_WORDS), _turned(DOMAIN_WORDS)
    print_table(
        Message("参与方", "Parties"),
        [
            Message("编号", "Id"),
            Message("名称", "Name"),
            Message("信用代码", "Credit code"),
            Message("角色", "Role"),
            Message("领域", "Domain"),
        ],
        [
            [
                each.party_id,
                each.name_zh if lang == "zh" else each.name_en,
                each.credit_code,
                roles.get(each.role, each.role),
                domains.get(each.domain, each.domain),
            ]
            for each in parties
        ],
        numeric_from=5,
    )


def _turned(words: Mapping[str, str]) -> dict[str, str]:
    return {value: word for word, value in words.items()}
