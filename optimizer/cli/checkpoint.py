"""``modalshift checkpoint``: the signed tree head, to be kept where the database's administrator has no hand on it."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.command import Verb, WrittenFile, option
from optimizer.cli.documents import keep_apart, write_whole
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message


@click.command(cls=Verb, about=Message("导出最新的签名树头", "export the newest signed tree head"))
@option("--out", required=True, type=WrittenFile(), metavar="FILE", zh="写入的文件", en="file to write")
@option(
    "--manifest",
    type=WrittenFile(),
    metavar="FILE.csv",
    zh="另写出全部叶的清单，可把改写定位到条",
    en="also list all leaves, so that a rewritten entry can be named",
)
def checkpoint(out: Path, manifest: Path | None) -> None:
    """A text file; `verify` needs it and the database alone."""
    from optimizer import actions
    from optimizer.accounts.manifest import manifest_csv

    if manifest is not None:
        keep_apart(manifest, out)
    with current_session().store() as store:
        head = actions.checkpoint(store)
        listed = None if manifest is None else manifest_csv(actions.leaves(store, head.size))
    write_whole(out, str(head.note))
    if manifest is not None and listed is not None:
        write_whole(manifest, listed)
    say(
        Message(
            f"已写入 {out}：{head.size} 条，{head.sealed_at}，公钥 {head.key.text}",
            f"Wrote {out}: {head.size} entries, {head.sealed_at}, public key {head.key.text}",
        )
    )
