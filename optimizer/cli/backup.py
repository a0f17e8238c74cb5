"""``modalshift backup`` and ``modalshift restore``: a copy of everything, and the way back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.documents import read_document
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME


@click.command(cls=Verb, about=Message("备份数据库与凭证", "back up the database and its evidence, while it is in use"))
@option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", zh="写入的新文件", en="new file to write"
)
def backup(out: Path) -> int:
    """Evidence goes to FILE.evidence beside it. Exit 1 when some of it was altered and is left out."""
    from optimizer.actions.backing_up import backup as copy

    made = copy(current_session().db_url, out)
    say(
        Message(
            f"已备份到 {made.file}：封存 {made.tree_size} 条，凭证新增 {made.evidence_files} 件，SHA-256 {made.sha256}",
            f"Backed up to {made.file}: {made.tree_size} sealed entries, {made.evidence_files} new evidence file(s), "
            f"SHA-256 {made.sha256}",
        )
    )
    return _said_altered(made.altered_files)


@click.command(
    cls=Verb,
    about=Message("由备份恢复；已知更新的树头时拒绝", "restore a backup; refused where a newer head is known"),
)
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    zh="先前导出的树头，备份须包含它",
    en="head exported before, which the backup must hold",
)
@option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    zh="私钥文件，其旁记有最后签过的树头",
    en="private key; the last head it signed is remembered beside it",
)
def restore(source: Path, checkpoints: tuple[Path, ...], key_file: Path | None) -> int:
    """The database that stood there is kept beside it under another name. Exit 1 when evidence was left out."""
    from optimizer.accounts.checkpoint import parse_checkpoint
    from optimizer.actions.backing_up import restore as put_back
    from optimizer.cli.key_file import signed_before

    heads = [parse_checkpoint(read_document(path), path.name) for path in checkpoints]
    remembered = signed_before(key_file) if key_file is not None else None
    heads += [remembered] if remembered is not None else []
    done = put_back(current_session().db_url, source, datetime.now(CHINA_TIME), heads)
    kept = done.set_aside
    say(
        Message(
            f"已恢复：封存 {done.tree_size} 条与树头相符，凭证新增 {done.evidence_files} 件。"
            + (f"原数据库保留为 {kept}" if kept else "原处没有数据库。"),
            f"Restored: {done.tree_size} sealed entries hold, {done.evidence_files} evidence file(s) back. "
            + (f"The database that stood there is kept as {kept}" if kept else "There was no database before."),
        )
    )
    return _said_altered(done.altered_files)


def _said_altered(files: int) -> int:
    if not files:
        return DONE
    say(
        Message(
            f"另有 {files} 件凭证内容已变，未复制；请运行 modalshift evidence check。",
            f"{files} evidence file(s) are not what was registered and were not copied; run modalshift evidence check.",
        )
    )
    return FINDINGS
