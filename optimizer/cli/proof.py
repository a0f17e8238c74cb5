"""``modalshift proof``: one record and its way to a signed tree head, for who has no database."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.command import Verb, WrittenFile, option
from optimizer.cli.documents import read_document, write_whole
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message


@click.command(cls=Verb, about=Message("为一条记录出具存在证明", "prove that a record is in the sealed log"))
@click.argument("entry", metavar="ENTRY")
@option("--out", required=True, type=WrittenFile(), metavar="FILE.json", zh="写入的文件", en="file to write")
@option(
    "--checkpoint",
    "since",
    type=click.Path(path_type=Path),
    metavar="FILE",
    zh="联到收件人已有的树头",
    en="link it to a checkpoint the reader has",
)
@option("--document", is_flag=True, zh="附上记录的全文（运单、事件、计算）", en="with the record's full document")
def proof(entry: str, out: Path, since: Path | None, document: bool) -> None:
    """ENTRY is kind:id (transaction:..., event:...), an id, a waybill number (the version in force; waybill:NUMBER/1
    for another), or #17 for the place in the log."""
    from optimizer import actions
    from optimizer.accounts.checkpoint import parse_checkpoint
    from optimizer.accounts.proof import proof_json

    head = None if since is None else parse_checkpoint(read_document(since), since.name)
    with current_session().store() as store:
        made = actions.prove(store, entry, head, with_document=document)
    write_whole(out, proof_json(made))
    say(
        Message(
            f"已写入 {out}：第 {made.index} 条 {made.entry}",
            f"Wrote {out}: entry {made.index} {made.entry}",
        )
    )
