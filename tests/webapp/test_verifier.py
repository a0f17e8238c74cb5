"""The verifier in JavaScript reaches the verdicts of the product, on sound and on altered proofs, under node and in a
browser, with and without the platform's own cryptography."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from optimizer.accounts.proof import VERDICTS, verdict_on
from optimizer.cli.documents import read_document
from optimizer.errors import InputError, Lang
from tests.webapp.forged_proofs import forgeries
from tests.webapp.proof_cases import Case, SmallLog, cases, small_log
from webapp.language import catalogue

HERE = Path(__file__).parent
VERIFIER = HERE.parents[1] / "webapp" / "static" / "verify.mjs"
CASES, PLAIN_CASES, BROWSER_CASES = 1_500, 40, 300


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    """A small log with its proofs and heads."""
    return small_log(tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="session")
def node() -> str:
    """The node of this machine; tests that need it are skipped by name where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on this machine")
    return found


def verdicts(node: str, asked: Sequence[Case]) -> list[str]:
    """What the JavaScript says under node."""
    lines = "".join(f"{case.line}\n" for case in asked)
    done = subprocess.run(
        [node, str(HERE / "verdicts.mjs")], input=lines, capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout.split("\n")[:-1]


def assert_agreed(asked: Sequence[Case], said: Sequence[str]) -> None:
    """Both verifiers say the same about every case."""
    assert len(said) == len(asked)
    assert [(case, case.verdict) for case, word in zip(asked, said, strict=True) if case.verdict != word] == []


def test_two_verifiers_agree_on_random_cases(log: SmallLog, node: str) -> None:
    """Fifteen hundred sound and altered proofs, heads and keys; among them every verdict there is."""
    asked = cases(log, CASES, seed=1)
    assert_agreed(asked, verdicts(node, asked))
    assert set(VERDICTS) == set(Counter(case.verdict for case in asked))


@pytest.mark.torture
def test_two_verifiers_agree_in_the_long_run(log: SmallLog, node: str) -> None:
    """Fifty thousand."""
    for seed in range(2, 52):
        asked = cases(log, 1_000, seed)
        assert_agreed(asked, verdicts(node, asked))


def test_the_plain_cryptography_agrees(log: SmallLog, node: str) -> None:
    """Without WebCrypto: SHA-256, SHA-512 and Ed25519 of the module itself."""
    asked = [replace(case, native=False) for case in cases(log, PLAIN_CASES, seed=1)]
    assert_agreed(asked, verdicts(node, asked))


def test_each_forgery_gets_its_own_verdict(log: SmallLog, node: str) -> None:
    """Every field altered by itself: from the product, and from the JavaScript with the platform's cryptography and
    without."""
    known = forgeries(log)
    wanted = [(name, verdict) for name, _, verdict in known]
    assert [(name, case.verdict) for name, case, _ in known] == wanted
    assert {verdict for _, verdict in wanted} == {*VERDICTS}
    for native in (True, False):
        said = verdicts(node, [replace(case, native=native) for _, case, _ in known])
        assert list(zip((name for name, _, _ in known), said, strict=True)) == wanted


def read_alike(node: str, *files: Path) -> list[str]:
    """The verdict of the product and of the JavaScript on a proof and a checkpoint as files."""
    try:
        product = verdict_on(*(read_document(file) for file in files))
    except InputError:
        product = "unreadable"
    words = [node, str(VERIFIER), *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return [product, "unreadable" if done.returncode == 2 else json.loads(done.stdout)["verdict"]]


def test_files_are_read_alike(log: SmallLog, node: str, tmp_path: Path) -> None:
    """A byte order mark and other line ends do no harm, as mail and editors put them in; other bytes are no text."""
    proof, head = log.proofs[1].encode(), log.heads[-7].encode()
    for name, proof_bytes, head_bytes, verdict in (
        ("as written", proof, head, "ok"),
        ("mark", b"\xef\xbb\xbf" + proof, b"\xef\xbb\xbf" + head, "ok"),
        ("windows", proof.replace(b"\n", b"\r\n"), head.replace(b"\n", b"\r\n"), "ok"),
        ("old", proof.replace(b"\n", b"\r"), head.replace(b"\n", b"\r"), "ok"),
        ("blank line", proof, head.replace(b"\n", b"\r\n\n", 1), "malformed_checkpoint"),
        ("latin", proof.replace(b'"entry"', b'"entr\xff"'), head, "unreadable"),
        ("utf16", proof, head.decode().encode("utf-16"), "unreadable"),
    ):
        files = tmp_path / f"{name}.json", tmp_path / f"{name}.txt"
        for file, content in zip(files, (proof_bytes, head_bytes), strict=True):
            file.write_bytes(content)
        assert read_alike(node, *files) == [verdict] * 2, name


def test_every_sound_proof_holds(log: SmallLog, node: str) -> None:
    """Alone, against the newest head, and with the key published first."""
    newest, first_key = log.heads[len(log.heads) - 7], log.keys[0]
    asked = [
        Case(proof, head, key) for proof in log.proofs[:-2] for head in (None, newest) for key in (None, log.keys[1])
    ]
    asked += [Case(proof, None, first_key) for proof in log.proofs[:-2]]
    assert set(verdicts(node, asked)) == {"ok"}
    assert_agreed(asked, ["ok"] * len(asked))


@pytest.mark.parametrize(("spoilt", "code"), [(False, 0), (True, 1)])
def test_the_verifier_runs_from_the_command_line(
    log: SmallLog, node: str, tmp_path: Path, spoilt: bool, code: int
) -> None:
    """Exit 0 where the proof holds, 1 where it does not; the facts as JSON."""
    file = tmp_path / "proof.json"
    text = log.proofs[1]
    file.write_text(text.replace('"index": "3"', '"index": "4"') if spoilt else text, encoding="utf-8")
    done = subprocess.run(
        [node, str(VERIFIER), str(file), "--key", log.keys[0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["verdict"] == ("not_included" if spoilt else "ok")


def test_what_cannot_be_read_is_told_apart(node: str, tmp_path: Path) -> None:
    """No file, no argument: exit 2."""
    for words in ([], [str(tmp_path / "nowhere.json")]):
        done = subprocess.run([node, str(VERIFIER), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2


def test_the_verifier_uses_nothing_but_the_platform() -> None:
    """Static imports would be other code; the two dynamic ones are node's own, for the command line."""
    lines = [line.strip() for line in VERIFIER.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if line.startswith("import ")] == []
    assert sum("await import(" in line for line in lines) == 2


@pytest.mark.browser
@pytest.mark.parametrize("native", [True, False])
def test_two_verifiers_agree_in_a_browser(browser: Browser, settled_address: str, log: SmallLog, native: bool) -> None:
    """The same module from our own server, in a page under our own policy."""
    asked = cases(log, BROWSER_CASES if native else PLAIN_CASES, seed=3)
    asked = [replace(case, native=native) for case in (*asked, *(case for _, case, _ in forgeries(log)))]
    page = browser.new_context(base_url=settled_address).new_page()
    page.goto("/verify")
    said = page.evaluate(
        """async (lines) => {
            const { verdictOn } = await import("/static/verify.mjs");
            const said = [];
            for (const line of lines) {
                const { proof, checkpoint, key, native } = JSON.parse(line);
                said.push((await verdictOn(proof, checkpoint, key, native)).verdict);
            }
            return said;
        }""",
        [case.line for case in asked],
    )
    page.context.close()
    assert_agreed(asked, said)


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_visitor_checks_a_proof(
    browser: Browser, settled_address: str, log: SmallLog, tmp_path: Path, lang: Lang
) -> None:
    """Choose a file, press the button, read the verdict; nothing is sent, and nothing runs off a phone's screen."""
    context = browser.new_context(base_url=settled_address, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"/verify?lang={lang}", wait_until="networkidle")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    for name, text, verdict in (
        ("good", log.proofs[1], "ok"),
        ("bad", log.proofs[1].replace('"index": "3"', '"index": "4"'), "not_included"),
        ("none", "not a proof", "malformed_bundle"),
        ("twice", log.proofs[1].replace("{", '{"index": "4",', 1), "malformed_bundle"),
        ("mailed", "\ufeff" + log.proofs[1].replace("\n", "\r\n"), "ok"),
        ("latin", "", "malformed_bundle"),
    ):
        file = tmp_path / f"{name}.json"
        file.write_bytes(text.encode() or b'{"entry": "\xff"}')
        page.locator("#proof").set_input_files(file)
        page.get_by_role("button", name=catalogue()["verify.check"].text(lang), exact=True).click()
        expect(page.locator("#verdict")).to_have_text(VERDICTS[verdict].text(lang))
        expect(page.locator("#verdict")).to_be_focused()
        expect(page.locator("#alone")).to_be_visible(visible=verdict == "ok")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert sent == []
    context.close()
