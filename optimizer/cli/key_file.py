"""The sealer's private key: a file outside the database that only its owner reads, and the newest head it signed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from optimizer.accounts.checkpoint import Checkpoint, parse_checkpoint
from optimizer.cli.documents import read_document, write_whole
from optimizer.cli.printing import say
from optimizer.errors import InputError, Message
from optimizer.store.durable import sync

OWNER_ONLY = 0o600


def write_key(path: Path, key: Ed25519PrivateKey) -> None:
    """Write a new key file, readable for its owner alone. Raises InputError where the file exists or cannot be made."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        # Created with its final rights: between making a file and narrowing them somebody could read it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError as error:
        raise InputError(
            Message(
                f"{path} 已存在，未覆盖；请另取文件名。", f"{path} exists and was not overwritten; name another file."
            )
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法写入 {path}（{reason}）。", f"Cannot write {path} ({reason}); name a file that can be written."
            )
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    # The key signs the first head soon: a log whose key a power cut took away could never go on.
    sync(path.parent)


def read_key(path: Path) -> Ed25519PrivateKey:
    """The key of a file. Raises InputError where it is none, cannot be read, or others may read it."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法读取密钥 {path}（{reason}）；可用 modalshift key new 生成。",
                f"Cannot read the key {path} ({reason}); modalshift key new makes one.",
            )
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError(
            Message(
                f"密钥 {path} 可被他人读取；请先 chmod 600 {path}。",
                f"Others may read the key {path}; chmod 600 {path} first.",
            )
        )
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise _no_key(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def signed_before(key_path: Path) -> Checkpoint | None:
    """The newest head that the key is known to have signed, None before the first."""
    path = head_path(key_path)
    return parse_checkpoint(read_document(path), path.name) if path.exists() else None


def remembers_signed(key_path: Path, head: Checkpoint) -> bool:
    """Keep the newest head beside the key; of two that sealed at once, the later head stays. Where that cannot be
    written, say so and answer False: what was signed stands in the database all the same, and an error would say that
    it does not."""
    try:
        kept = signed_before(key_path)
        if kept is None or kept.size <= head.size:
            write_whole(head_path(key_path), str(head.note))
    except InputError as error:
        say(
            Message(
                f"以上已入库、有效；但本钥所签的最新树头未能存到钥旁：{error.message.zh}存好前，恢复旧备份无从察觉；"
                "改好后再运行一次 modalshift seal。",
                f"What is said above is recorded and stands, but the newest head of this key was not kept beside it. "
                f"{error.message.en} Until it is, an old backup in the database's place would not be noticed; mend "
                "this and run modalshift seal once more.",
            ),
            err=True,
        )
        return False
    return True


def head_path(key_path: Path) -> Path:
    """``sealer.pem`` -> ``sealer.pem.head``."""
    return key_path.with_name(f"{key_path.name}.head")


def _no_key(path: Path) -> InputError:
    return InputError(
        Message(
            f"{path} 不是未加密的 Ed25519 私钥（PEM）；可用 modalshift key new 生成。",
            f"{path} is no unencrypted Ed25519 private key (PEM); modalshift key new makes one.",
        )
    )
