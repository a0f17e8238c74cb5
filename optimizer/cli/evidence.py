"""``modalshift evidence``: keep files that prove what was reported, and check that they are what they were."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from optimizer.cli.command import DONE, FINDINGS, Program, Verb, option
from optimizer.cli.printing import print_findings, print_json, say
from optimizer.cli.session import current_session
from optimizer.errors import Fault, InputError, Message
from optimizer.quantities import CHINA_TIME


@click.group(
    cls=Program,
    invoke_without_command=True,
    about=Message("凭证文件：登记、核对", "evidence files: keep, check"),
)
@click.pass_context
def evidence(ctx: click.Context) -> None:
    """Show the help when no verb is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@evidence.command(
    "add",
    cls=Verb,
    about=Message(
        "登记凭证文件（PDF、JPEG、PNG、WebP，至多 10 MB），打印摘要",
        "keep evidence files (PDF, JPEG, PNG, WebP, up to 10 MB) and print their digests",
    ),
)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def evidence_add(paths: tuple[Path, ...]) -> None:
    """Events then name them by SHA-256. All files or none."""
    from optimizer.actions.evidencing import keep_evidence

    contents = _contents(paths)
    session = current_session()
    with session.store() as store:
        kept = keep_evidence(store, session.evidence(), contents, datetime.now(CHINA_TIME))
    for path, file in zip(paths, kept, strict=True):
        click.echo(f"{file.sha256}  {file.media_type}  {file.size_bytes}  {path}")


@evidence.command(
    "check", cls=Verb, about=Message("核对凭证文件：缺失、改动、未登记", "find missing, altered, unknown files")
)
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def evidence_check(as_json: bool) -> int:
    """Exit 1 when there is any finding; `audit` makes the same check."""
    from optimizer.actions.evidencing import check_evidence

    session = current_session()
    with session.store() as store:
        report = check_evidence(store, session.evidence())
    if as_json:
        print_json(asdict(report))
        return FINDINGS if report.findings else DONE
    print_findings(report.findings)
    say(
        Message(
            f"登记 {report.files} 件，{report.size_bytes} 字节，{len(report.findings)} 项发现；"
            f"事件所列 {report.named} 个摘要中 {report.named_and_kept} 个存于此处，{report.unnamed} 件尚无事件引用。",
            f"{report.files} file(s) of {report.size_bytes} bytes, {len(report.findings)} finding(s); "
            f"{report.named_and_kept} of the {report.named} digests that events name are kept here; no event names "
            f"{report.unnamed} file(s).",
        )
    )
    return FINDINGS if report.findings else DONE


def _contents(paths: tuple[Path, ...]) -> list[tuple[str, bytes]]:
    """Name and content of files; of one that is too large only as much as shows it."""
    from optimizer.store.evidence_files import MAX_FILE_BYTES

    contents, faults = [], []
    for path in paths:
        try:
            if not path.is_file():
                raise FileNotFoundError(2, "No such file")
            with path.open("rb") as file:
                contents.append((path.name, file.read(MAX_FILE_BYTES + 1)))
        except OSError as error:
            message = Message(f"无法读取（{error.strerror}）。", f"Cannot be read ({error.strerror}).")
            faults.append(Fault(str(path), None, None, "unreadable_file", message))
    if faults:
        raise InputError.of(faults)
    return contents
