"""What a running web side is told from outside."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from optimizer.errors import Fault, InputError, Lang, Message

SECRET_KEY_VARIABLE = "MODALSHIFT_SECRET_KEY"  # the name of a variable # nosec B105
METRICS_TOKEN_VARIABLE = "MODALSHIFT_METRICS_TOKEN"  # the name of a variable # nosec B105
PRIVATE_WEBHOOKS_VARIABLE = "MODALSHIFT_PRIVATE_WEBHOOKS"
RATE_LIMITS_VARIABLE = "MODALSHIFT_RATE_LIMITS"
PROXIES_VARIABLE = "MODALSHIFT_PROXIES"
NEEDED = (
    ("MODALSHIFT_DB", "缺少数据库地址，例如 sqlite:////var/lib/modalshift/modalshift.db",
     "the database URL is missing, for example sqlite:////var/lib/modalshift/modalshift.db"),
    (SECRET_KEY_VARIABLE, "缺少会话密钥，请用随机的 32 字节",
     "the key that signs sessions is missing; take 32 random bytes"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """``db_url`` is an SQLAlchemy URL; ``network_dir`` None means the shipped network; ``lang`` is the language of a
    visitor who has not chosen one; ``demo`` opens what only a demonstration may open. ``secret_key`` signs sessions
    (empty: a new one each start, which signs everybody out); ``limits`` False lifts the rate limits, for tests;
    ``queue_file`` is where the queue of plans lies (None: beside an SQLite database); ``metrics_token`` opens
    ``/metrics`` (empty: nobody); ``private_webhooks`` lets notices go to plain http and to addresses of a network of
    one's own, which a server that strangers use must not; ``proxies``: how many reverse proxies stand before the server
    and are believed as to who asks (0: nobody is)."""

    db_url: str
    network_dir: Path | None = None
    lang: Lang = "zh"
    demo: bool = False
    secret_key: str = ""
    limits: bool = True
    queue_file: Path | None = None
    metrics_token: str = ""
    private_webhooks: bool = False
    proxies: int = 0

    def to_json(self) -> str:
        """For the worker, a process of its own."""
        return json.dumps(
            {**asdict(self), "network_dir": _text(self.network_dir), "queue_file": _text(self.queue_file)}
        )

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What :meth:`to_json` wrote."""
        fields = json.loads(text)
        for name in ("network_dir", "queue_file"):
            fields[name] = Path(fields[name]) if fields[name] else None
        return cls(**fields)

    @classmethod
    def from_environment(cls) -> Settings:
        """As variables of the environment say, see :mod:`webapp.wsgi`. Raises InputError naming all that are missing or
        wrong."""
        value = os.environ.get
        faults = [
            Fault("environment", None, name, "missing", Message(f"{name}：{zh}", f"{name}: {en}"))
            for name, zh, en in NEEDED
            if not value(name)
        ]
        lang = value("MODALSHIFT_LANG", "zh")
        if lang not in ("zh", "en"):
            wrong = Message("MODALSHIFT_LANG 应为 zh 或 en", "MODALSHIFT_LANG should be zh or en")
            faults.append(Fault("environment", None, "MODALSHIFT_LANG", "not_allowed", wrong))
        try:
            proxies = proxies_said()
        except InputError as error:
            faults += error.faults
        if faults:
            raise InputError.of(faults)
        network, queue = value("MODALSHIFT_NETWORK"), value("MODALSHIFT_QUEUE")
        return cls(
            db_url=os.environ["MODALSHIFT_DB"],
            network_dir=Path(network) if network else None,
            lang="en" if lang == "en" else "zh",
            secret_key=os.environ["MODALSHIFT_SECRET_KEY"],
            queue_file=Path(queue) if queue else None,
            metrics_token=value(METRICS_TOKEN_VARIABLE, ""),
            private_webhooks=value(PRIVATE_WEBHOOKS_VARIABLE) == "1",
            limits=value(RATE_LIMITS_VARIABLE) != "off",
            proxies=proxies,
        )


def proxies_said() -> int:
    """How many proxies the environment says. Raises InputError for another text than a digit."""
    said = os.environ.get(PROXIES_VARIABLE, "") or "0"
    if len(said) != 1 or said not in "0123456789":
        wrong = Message(f"{PROXIES_VARIABLE} 应为 0 至 9", f"{PROXIES_VARIABLE} should be 0 to 9")
        raise InputError.of([Fault("environment", None, PROXIES_VARIABLE, "not_allowed", wrong)])
    return int(said)


def _text(path: Path | None) -> str:
    return "" if path is None else str(path)
