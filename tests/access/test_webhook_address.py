"""Which addresses a webhook may have."""

from __future__ import annotations

import pytest

from optimizer.access.webhook import MAX_URL_LENGTH, require_valid
from optimizer.errors import InputError

TOPICS = ("waybill.event",)


def test_an_address_has_five_hundred_characters_at_most() -> None:
    """As the API says; one more is refused and the sentence says how many there may be."""
    longest = "https://example.com/".ljust(500, "a")
    assert require_valid(longest, TOPICS) == TOPICS
    with pytest.raises(InputError, match=str(MAX_URL_LENGTH)) as caught:
        require_valid(longest + "a", TOPICS)
    assert "500" in caught.value.faults[0].message.zh
