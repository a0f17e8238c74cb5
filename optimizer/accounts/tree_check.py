"""The stored tree against itself: leaves, nodes, keys and signed heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.accounts.checkpoint import parse_checkpoint, parse_rotation, parse_verifier_key
from optimizer.accounts.seal_view import NUMBERED, SealView, is_hash, tree_finding
from optimizer.accounts.sealed import Head, Leaf, LogKey
from optimizer.errors import InputError, Message
from optimizer.waybills.finding import Finding


def leaves_findings(view: SealView) -> Iterator[Finding]:
    """Indexes without a gap, hashes of 32 bytes; the first of each fault."""
    for position, leaf in enumerate(view.leaves):
        if leaf.index != position:
            yield tree_finding(
                "leaf_gap",
                f"leaf {position}",
                Message(
                    f"叶 {position} 缺失（其后为 {leaf.index}）", f"Leaf {position} is missing ({leaf.index} follows)"
                ),
            )
            break
    for position, leaf in enumerate(view.leaves):
        if not is_hash(leaf.leaf_hash):
            yield tree_finding(
                "leaf_malformed", f"leaf {position}", Message(f"叶 {position} 不是哈希", f"Leaf {position} is no hash")
            )
            break
    covered = view.heads[-1].size if view.heads else 0
    if covered < len(view.leaves):
        yield tree_finding(
            "leaf_unsigned",
            f"leaf {covered}",
            Message(f"叶 {covered} 起没有签名树头", f"No signed head covers the leaves from {covered} on"),
        )


def nodes_findings(view: SealView) -> Iterator[Finding]:
    """Every stored node is what the leaves give; the first that is not."""
    expected = dict(view.tree.stored_nodes())
    for level, index in sorted(expected.keys() | view.nodes.keys()):
        if view.nodes.get((level, index)) != expected.get((level, index)):
            first, last = index << level, ((index + 1) << level) - 1
            yield tree_finding(
                "node_changed",
                f"node {level}/{index}",
                Message(
                    f"第 {first} 至 {last} 条之上的节点与叶不符",
                    f"The node above entries {first} to {last} does not follow from its leaves",
                ),
            )
            return


def keys_findings(view: SealView) -> Iterator[Finding]:
    """Every key is one, and each after the first was handed over or says why not."""
    for position, key in enumerate(view.keys):
        where = f"key {key.key_no}"
        if key.key_no != position + 1 or parse_verifier_key(key.verifier_key) is None:
            yield tree_finding(
                "key_changed", where, Message("公钥记录被改动", "The record of this public key was altered")
            )
        elif position and not key.reason and not _handed_over(view.keys[position - 1], key):
            yield tree_finding(
                "key_changed",
                where,
                Message("换钥记录没有前一把密钥的签名", "The change of keys is not signed by the key before"),
            )


def heads_findings(view: SealView) -> Iterator[Finding]:
    """Every head is signed by its key, says what its note says, and is a beginning of the tree."""
    sealed = _sealed_counts(view.leaves, {head.size for head in view.heads})
    for head in view.heads:
        fault = _head_fault(view, head, sealed.get(head.size))
        if fault is not None:
            code, what = fault
            yield tree_finding(
                code,
                f"head {head.size}",
                Message(f"{head.size} 条时的树头{what.zh}", f"The head at {head.size} entries {what.en}"),
            )


def _head_fault(view: SealView, head: Head, sealed: tuple[int, int] | None) -> tuple[str, Message] | None:
    try:
        note = parse_checkpoint(head.note)
    except (InputError, TypeError, AttributeError):
        return "head_changed", Message("文本被改动", "was altered")
    keys = [key for key in view.keys if key.key_no == head.key_no and key.verifier_key == note.key.text]
    if not keys or not note.is_signed:
        return "head_signature", Message("签名不对", "is not signed by the log's key")
    if (head.size, head.root, head.sealed_at) != (note.size, note.root, note.sealed_at):
        return "head_changed", Message("与其签名文本不符", "differs from its signed text")
    if head.size > len(view.leaves):
        return "tree_shorter", Message(
            f"之后有叶被删，只剩 {len(view.leaves)} 条", f"covers more than the {len(view.leaves)} leaves left"
        )
    if view.tree.root(head.size) != head.root:
        return "head_root", Message(
            "与树不符：叶或其次序被改动", "is no beginning of the tree: leaves or their order were altered"
        )
    if sealed != (head.last_event_seq, head.last_transaction_seq):
        return "head_changed", Message("所记序号与叶不符", "counts other events or transactions than its leaves")
    return None


def _handed_over(before: LogKey, key: LogKey) -> bool:
    try:
        rotation = parse_rotation(key.rotation)
    except InputError:
        return False
    return rotation.is_signed and (rotation.old.text, rotation.new.text) == (before.verifier_key, key.verifier_key)


def _sealed_counts(leaves: Sequence[Leaf], sizes: set[int]) -> dict[int, tuple[int, int]]:
    """Events and transactions among the first so many leaves; numbered without a gap, so also the last numbers."""
    counts = dict.fromkeys(NUMBERED, 0)
    found = {}
    for size, leaf in enumerate(leaves, start=1):
        if leaf.kind in counts:
            counts[leaf.kind] += 1
        if size in sizes:
            found[size] = (counts["event"], counts["transaction"])
    return found
