"""``modalshift verify``: is everything still what was sealed and exported?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.documents import read_document
from optimizer.cli.printing import print_findings, print_json, say
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message

SHOWN = 20
"""Findings printed; `--json` gives all."""


@click.command(
    cls=Verb, about=Message("核对数据库与先前导出的树头", "verify the database against tree heads exported before")
)
@click.argument("checkpoints", metavar="[CHECKPOINT...]", nargs=-1, type=click.Path(path_type=Path))
@option(
    "--manifest",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    zh="叶清单，用于定位",
    en="list of leaves, to locate",
)
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
@option(
    "--proof",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    zh="只核对一份证明，不用数据库",
    en="check a proof, without a database",
)
@option("--public-key", metavar="KEY", zh="证明所用日志的公布公钥", en="public key of the proof's log, as published")
def verify(
    checkpoints: tuple[Path, ...], manifest: Path | None, as_json: bool, proof: Path | None, public_key: str | None
) -> int:
    """Exit 1 when anything differs; the first finding is the first changed entry."""
    if proof is not None:
        return _proof(proof, checkpoints, public_key)
    from optimizer import actions
    from optimizer.accounts.checkpoint import parse_checkpoint
    from optimizer.accounts.manifest import parse_manifest

    heads = [parse_checkpoint(read_document(path), path.name) for path in checkpoints]
    listed = None if manifest is None else parse_manifest(read_document(manifest), manifest.name)
    with current_session().store() as store:
        report = actions.verify(store, heads, listed)
    if as_json:
        print_json([asdict(finding) for finding in report.findings])
        return FINDINGS if report.findings else DONE
    print_findings(report.findings[:SHOWN])
    if report.findings:
        say(Message(f"核对完成，{len(report.findings)} 项不符。", f"Verified, {len(report.findings)} finding(s)."))
        return FINDINGS
    say(
        Message(
            f"核对完成，{report.size} 条与封存时一致，{len(heads)} 个树头相符；另有 {report.unsealed} 条尚未封存。",
            f"Verified: {report.size} entries are as sealed, {len(heads)} checkpoint(s) agree; {report.unsealed} not "
            "sealed yet.",
        )
    )
    return DONE


def _proof(proof: Path, checkpoints: tuple[Path, ...], public_key: str | None) -> int:
    from optimizer.accounts.checkpoint import parse_checkpoint
    from optimizer.accounts.proof import VERDICTS, parse_proof, verdict_on

    if len(checkpoints) > 1:
        raise InputError(Message("核对证明时至多给一个树头文件。", "Give at most one checkpoint with a proof."))
    trusted = read_document(checkpoints[0]) if checkpoints else None
    text = read_document(proof)
    verdict = verdict_on(text, trusted, public_key)
    words = VERDICTS[verdict]
    say(Message(f"{proof}：{words.zh}。[{verdict}]", f"{proof}: {words.en}. [{verdict}]"))
    bundle = parse_proof(text)
    if verdict == "ok" and bundle is not None and trusted is None and public_key is None:
        # Anybody can sign a tree with a key of his own; only who knows the log's key knows whose tree it is.
        head = parse_checkpoint(bundle.checkpoint)
        log, key = head.origin, head.key.text
        say(
            Message(
                f"树头由证明自带：日志 {log}，公钥 {key}；请与公布的公钥核对，或用 --public-key、树头文件核对。",
                f"The tree head is the proof's own: log {log}, key {key}. Compare it with the published key, or give "
                "--public-key or a checkpoint.",
            )
        )
    return DONE if verdict == "ok" else FINDINGS
