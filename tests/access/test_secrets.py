"""Passwords and tokens."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from optimizer.access.passwords import _NOBODY, MIN_LENGTH, is_password, password_hash
from optimizer.access.tokens import RANDOM_BYTES, ApiToken, token_digest, token_from
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME

NOON = datetime(2026, 10, 1, 12, tzinfo=CHINA_TIME)


def test_a_password_is_kept_as_argon2id_and_nothing_else_fits() -> None:
    """The same password hashes differently each time, and an unknown user has none."""
    first, second = password_hash("vast river 42", "ann"), password_hash("vast river 42", "ann")
    assert first.startswith("$argon2id$")
    assert first != second
    assert is_password("vast river 42", first)
    assert not is_password("vast river 43", first)
    assert not is_password("nobody has this password", None)
    assert not is_password("vast river 42", "no hash at all")


def test_an_unknown_login_costs_what_a_known_one_costs() -> None:
    """The hash that stands for nobody is of the parameters that new hashes have; else an answer in other time would say
    who has a login. It is stored, so that no command begins with making one."""
    hasher = PasswordHasher()
    assert not hasher.check_needs_rehash(_NOBODY)
    made = password_hash("vast river 42", "ann")
    assert [len(part) for part in _NOBODY.split("$")] == [len(part) for part in made.split("$")]


@pytest.mark.parametrize("password", ["", "x" * (MIN_LENGTH - 1), "x" * 201, "PASSWORD12", "water-carrier"])
def test_weak_passwords_are_refused(password: str) -> None:
    """Too short, too long, notorious, or the login itself."""
    with pytest.raises(InputError):
        password_hash(password, "water-carrier")


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES), st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_tokens_are_as_different_as_their_bytes(first: bytes, second: bytes) -> None:
    """No two random strings give one token, and the digest gives nothing away."""
    assert (token_from(first) == token_from(second)) == (first == second)
    assert token_from(first) not in token_digest(token_from(first))
    assert token_from(first).startswith("msk_")


def test_a_token_needs_all_its_random_bytes() -> None:
    """Fewer would be guessable."""
    with pytest.raises(ValueError, match="32"):
        token_from(b"x" * 31)


def test_a_token_ends_when_it_expires_or_is_revoked() -> None:
    """At the very moment of expiry it is over."""
    later = NOON + timedelta(days=1)
    assert ApiToken("t", "u", "", NOON, None, None).valid_at(later)
    assert ApiToken("t", "u", "", NOON, later, None).valid_at(NOON)
    assert not ApiToken("t", "u", "", NOON, later, None).valid_at(later)
    assert not ApiToken("t", "u", "", NOON, None, NOON).valid_at(NOON)
