"""The catalogue of the pages: complete in both languages, and nothing in it that no page uses."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

from webapp.language import catalogue

WEBAPP = Path(__file__).parents[2] / "webapp"
CJK = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
KEY = re.compile(r"""['"]([a-z]+\.[A-Za-z_0-9]+)['"]""")


def sources() -> str:
    """Everything that may name a key."""
    paths = [*WEBAPP.glob("**/*.py"), *WEBAPP.glob("templates/**/*.html")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_text_stands_in_both_languages() -> None:
    """Chinese has Chinese characters, English has none, and both fill in the same names."""
    for key, message in catalogue().items():
        assert message.zh, key
        assert message.en, key
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (message.zh, message.en)]
        assert names[0] == names[1], key
        if key != "nav.other_language":
            assert CJK.search(message.zh), key
            assert not CJK.search(message.en), key


def test_every_key_that_a_page_names_exists_and_every_text_is_used() -> None:
    """A misspelt key would be an error page; a dead text would be translated for nothing."""
    text = sources()
    groups = {key.split(".")[0] for key in catalogue()}
    named = {
        key
        for key in KEY.findall(text)
        if key.split(".")[0] in groups and not key.endswith((".html", ".css", ".mjs", "_"))
    }
    prefixes = re.findall(r"""f["'](\w+\.\w*)\{""", text) + re.findall(r"""'(\w+\.\w*)' ~""", text)
    computed = {key for key in catalogue() if key.startswith(tuple(prefixes))}
    assert named - set(catalogue()) == set()
    assert set(catalogue()) - named - computed == set()


def test_every_check_of_the_audit_has_a_name_in_both_languages() -> None:
    """A page that names checks by their codes speaks English in the middle of Chinese."""
    optimizer = WEBAPP.parent / "optimizer"
    makers = [*optimizer.glob("accounts/audit/*.py"), *optimizer.glob("waybills/*.py")]
    found = set()
    for path in (*makers, optimizer / "actions" / "evidencing.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id.lower().endswith("finding")
            ):
                given = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)][:1]
                found |= {word for word in given if re.fullmatch("[a-z_]+", str(word))}
    # These stand in the report of timeliness and the comparison with other schemes, which have words of their own.
    found -= {"never_delivered", "reported_late", "settled_late", "claimed_elsewhere"}
    assert found == {key.removeprefix("finding.") for key in catalogue() if key.startswith("finding.")}
