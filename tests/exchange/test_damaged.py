"""Whatever JSON a partner sends: faults, never a crash."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.exchange.ileap import bundle_document
from optimizer.exchange.ileap_rules import bundle_faults
from optimizer.exchange.pact import envelope, opened
from tests.exchange.test_ileap import CHAIN, ISSUER, bundle_of

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a document."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else []
    return [path, *(deeper for key, item in items for deeper in places(item, (*path, key)))]


def damaged(tree: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """A copy with one value replaced."""
    if not path:
        return junk
    whole = copy.deepcopy(tree)
    target = whole
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = junk
    return whole


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """A bare bundle and both envelopes."""
    bundle = bundle_of(Path(tmp_path_factory.mktemp("d")), CHAIN)
    return [bundle_document(bundle), envelope(bundle, ISSUER, 3), envelope(bundle, ISSUER, 2)]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_damage_is_a_fault_and_never_a_crash(documents: list[Any], data: st.DataObject) -> None:
    """One value anywhere replaced by junk: opening and checking end, and each fault speaks both languages."""
    document = data.draw(st.sampled_from(documents))
    path = data.draw(st.sampled_from(places(document)))
    inside, faults = opened(damaged(document, path, data.draw(JUNK)), "x.json")
    for fault in [*faults, *bundle_faults(inside, "x.json")]:
        assert fault.message.zh
        assert fault.message.en


@given(JUNK)
def test_junk_is_no_bundle(junk: Any) -> None:
    """Anything that JSON can say is answered with sentences in both languages, or with an empty bundle."""
    inside, faults = opened(junk, "x.json")
    found = [*faults, *bundle_faults(inside, "x.json"), *bundle_faults(junk, "x.json")]
    assert all(fault.message.zh and fault.message.en for fault in found)
