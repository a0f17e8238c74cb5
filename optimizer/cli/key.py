"""``modalshift key``: the sealer's keys."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from optimizer.cli.command import DONE, FINDINGS, Program, Verb, option
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME


@click.group(
    cls=Program, invoke_without_command=True, about=Message("封存密钥：生成、更换", "keys of the sealer: make, change")
)
@click.pass_context
def key(ctx: click.Context) -> None:
    """Show the help when no verb is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@key.command(
    "new", cls=Verb, about=Message("生成一把私钥（仅本人可读）", "make a private key that only its owner can read")
)
@option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", zh="写入的文件", en="file to write")
def key_new(out: Path) -> None:
    """An existing file is never overwritten."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from optimizer.cli.key_file import write_key

    write_key(out, Ed25519PrivateKey.generate())
    say(
        Message(
            f"已生成 {out}。请离线备份，不要与数据库放在一起；公钥随每个树头文件公布。",
            f"Wrote {out}. Keep a copy off line and away from the database; the public key is in every checkpoint.",
        )
    )


@key.command("rotate", cls=Verb, about=Message("更换日志的密钥", "change the key of the log"))
@option(
    "--new", "new_file", required=True, type=click.Path(path_type=Path), metavar="FILE", zh="新私钥", en="the new key"
)
@option(
    "--key",
    "old_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    zh="旧私钥，签署交接",
    en="the old key, signs the change",
)
@option("--lost", "reason", default="", metavar="REASON", zh="旧私钥已失时的原因", en="why the old key cannot sign")
def key_rotate(new_file: Path, old_file: Path | None, reason: str) -> int:
    """The change is an entry of the log; the next head is signed by the new key."""
    from optimizer import actions
    from optimizer.cli.key_file import read_key, remembers_signed, signed_before

    new = read_key(new_file)
    old = None if old_file is None else read_key(old_file)
    head = None if old_file is None else signed_before(old_file)
    with current_session().store() as store:
        record = actions.rotate_key(store, new, datetime.now(CHINA_TIME), old=old, reason=reason)
    say(
        Message(
            f"第 {record.key_no} 把密钥已登记：{record.verifier_key}。请重新 seal。",
            f"Key {record.key_no} is recorded: {record.verifier_key}. Seal again.",
        )
    )
    # What the old key has signed binds the new one too.
    return DONE if head is None or remembers_signed(new_file, head) else FINDINGS
