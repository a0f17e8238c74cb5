"""Codes with which a password is chosen once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from optimizer.access.one_time import VALID_HOURS, is_one_time_code, one_time_code
from optimizer.quantities import CHINA_TIME

NOW = datetime(2026, 10, 1, 8, tzinfo=CHINA_TIME)
END = NOW + timedelta(hours=VALID_HOURS)
CODE = one_time_code("secret", "u1", "hash", END)


def test_a_code_is_good_until_it_ends() -> None:
    """For its user and the password that stood when it was made; at its end it is over."""
    assert is_one_time_code(CODE, "secret", "u1", "hash", NOW)
    assert is_one_time_code(CODE, "secret", "u1", "hash", END - timedelta(seconds=1))
    assert not is_one_time_code(CODE, "secret", "u1", "hash", END)


@pytest.mark.parametrize(
    ("secret", "user_id", "password_hash"),
    [("other", "u1", "hash"), ("secret", "u2", "hash"), ("secret", "u1", "changed"), ("secret", "u1", None)],
)
def test_a_code_is_for_one_server_user_and_password(secret: str, user_id: str, password_hash: str | None) -> None:
    """Any of them changed ends it; a user without a password has codes of their own."""
    assert not is_one_time_code(CODE, secret, user_id, password_hash, NOW)
    made = one_time_code(secret, user_id, password_hash, END)
    assert is_one_time_code(made, secret, user_id, password_hash, NOW)


def test_no_other_text_is_a_code() -> None:
    """A later end, another signature, none, letters of another script: refused, never an error."""
    expiry, _, signature = CODE.partition(".")
    longer = f"{int(expiry, 16) + 3600:x}"
    for text in (f"{longer}.{signature}", f"{expiry}.{'0' * 64}", expiry, "", ".", "衢.州", f"zz.{signature}"):
        assert not is_one_time_code(text, "secret", "u1", "hash", NOW)
