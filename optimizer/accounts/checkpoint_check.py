"""The tree against heads that were exported before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.accounts.checkpoint import Checkpoint, parse_verifier_key
from optimizer.accounts.manifest import ManifestLine, first_difference
from optimizer.accounts.merkle import MerkleTree
from optimizer.accounts.seal_view import SealView, tree_finding
from optimizer.errors import Message
from optimizer.waybills.finding import Finding


def checkpoint_findings(
    view: SealView, checkpoints: Sequence[Checkpoint], manifest: Sequence[ManifestLine] | None
) -> Iterator[Finding]:
    """Every exported head is a beginning of the tree; where it is not, between which heads, or which entry it is."""
    kept = 0
    listed_for = None
    for checkpoint in sorted(checkpoints, key=lambda item: item.size):
        name = f"checkpoint {checkpoint.size}"
        fault = _checkpoint_fault(view, checkpoint)
        if fault is not None:
            yield tree_finding(fault[0], name, fault[1])
            continue
        if manifest is not None and len(manifest) == checkpoint.size and _root(manifest) == checkpoint.root:
            listed_for = checkpoint
        if view.tree.root(checkpoint.size) == checkpoint.root:
            kept = checkpoint.size
            yield from _not_endorsed(view, checkpoint)
        else:
            yield _rewritten(view, checkpoint, kept, manifest if listed_for is checkpoint else None)
    if manifest is not None and listed_for is None:
        yield tree_finding(
            "manifest_wrong",
            "manifest",
            Message("清单与给出的树头都不符", "The manifest does not belong to any of the checkpoints given"),
        )


def _checkpoint_fault(view: SealView, checkpoint: Checkpoint) -> tuple[str, Message] | None:
    if not checkpoint.is_signed:
        return "checkpoint_signature", Message(
            "树头文件的签名不对：文件被改动", "Its signature is wrong: the file was altered"
        )
    first = parse_verifier_key(view.keys[0].verifier_key) if view.keys else None
    if first is not None and first.name != checkpoint.origin:
        return "other_log", Message(
            f"树头属于日志 {checkpoint.origin}，数据库是 {first.name}",
            f"It is of the log {checkpoint.origin}, the database is {first.name}",
        )
    if checkpoint.size > len(view.leaves):
        return "tree_shorter", Message(
            f"树头有 {checkpoint.size} 条，数据库只有 {len(view.leaves)} 条：恢复了旧备份，或条目被删",
            f"It covers {checkpoint.size} entries and the database holds {len(view.leaves)}: "
            "an old backup was restored or entries were removed",
        )
    if checkpoint.key.text not in {key.verifier_key for key in view.keys}:
        return "key_unknown", Message("签署它的公钥不在数据库中", "The database does not know the key that signed it")
    return None


def _rewritten(view: SealView, checkpoint: Checkpoint, kept: int, manifest: Sequence[ManifestLine] | None) -> Finding:
    """The tree is another than the exported one; where, as far as what was exported tells."""
    if manifest is not None and (index := first_difference(manifest, view.leaves)) is not None:
        entry = manifest[index].entry
        return Finding(
            "entry_rewritten",
            f"entry {index} ({entry})",
            Message(
                f"第 {index} 条 {entry} 连同整棵树被改写：{checkpoint.sealed_at} 导出时的内容与现在不同。",
                f"Entry {index} {entry} was rewritten together with the tree: it is not what it was at "
                f"{checkpoint.sealed_at}.",
            ),
        )
    return Finding(
        "tree_rewritten",
        f"entries {kept} to {checkpoint.size - 1}",
        Message(
            f"第 {kept} 至 {checkpoint.size - 1} 条中有条目连同整棵树被改写：与 {checkpoint.sealed_at} 导出的树根不同；"
            "给出更多树头文件或 --manifest 可定位到条。",
            f"Among entries {kept} to {checkpoint.size - 1} something was rewritten together with the tree: its root is"
            f" not the one exported at {checkpoint.sealed_at}. More checkpoints, or --manifest, say which entry.",
        ),
    )


def _not_endorsed(view: SealView, checkpoint: Checkpoint) -> Iterator[Finding]:
    """From the key of a checkpoint to the present one every change must be signed by the key before."""
    known = [key.verifier_key for key in view.keys].index(checkpoint.key.text)
    for key in view.keys[known + 1 :]:
        if key.reason:
            yield tree_finding(
                "key_not_endorsed",
                f"key {key.key_no}",
                Message(
                    f"树头之后更换的密钥未经旧密钥签署（{key.reason}）；请另行核实新公钥",
                    f"Since the checkpoint the key was changed without the old one ({key.reason}); confirm the new "
                    "public key by another way",
                ),
            )


def _root(manifest: Sequence[ManifestLine]) -> bytes:
    return MerkleTree(line.leaf_hash for line in manifest).root()
