"""``modalshift seal``: what is recorded becomes evident to tamper with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME


@click.command(
    cls=Verb,
    about=Message("封存新记录：并入 Merkle 树并签署树头", "seal new records into the Merkle tree under a signed head"),
)
@option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path), metavar="FILE", zh="私钥文件", en="private key"
)
@option(
    "--log", "origin", default="", metavar="NAME", zh="首次封存时为日志命名", en="name of the log, when it is begun"
)
def seal(key_file: Path, origin: str) -> int:
    """Safe to run at any time and as often as one likes."""
    from optimizer import actions
    from optimizer.cli.key_file import read_key, remembers_signed, signed_before

    key = read_key(key_file)
    before = signed_before(key_file)
    with current_session().store() as store:
        result = actions.seal(store, key, datetime.now(CHINA_TIME), origin=origin, signed_before=before)
    head = result.checkpoint
    say(
        Message(
            f"封存 {result.entries} 条；树 {head.size} 条，根 {head.root.hex()}（{head.origin}，{head.sealed_at}）。",
            f"Sealed {result.entries} entries; the tree holds {head.size}, root {head.root.hex()} ({head.origin}, "
            f"{head.sealed_at}).",
        )
    )
    return DONE if remembers_signed(key_file, head) else FINDINGS
