"""Identifiers with a check character: credit codes, ship numbers, waybill numbers.

- Unified social credit code (统一社会信用代码): GB 32100-2015, 18 characters, check character modulo 31 with the
  weights 3^(i-1) mod 31.
- Ship identification number (船舶识别号): "CN" and eleven digits, of which the first four are a year. The rule of its
  last digit is not public, so only the shape is checked.
- Waybill number: ours, 20 characters: "MW", the day the cargo is ready (yymmdd), eleven characters made from what the
  waybill is about, and the check character of ISO/IEC 7064 MOD 37,36, which detects every single wrong character
  and nearly every swap of neighbours.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

CREDIT_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of GB 32100: digits and capital letters without I, O, S, V, Z."""

_CREDIT_CODE_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_MOD_37_36_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHIP_NUMBER = re.compile(r"CN(19|20)\d{9}", re.ASCII)
_NUMBER_PREFIX = "MW"
_NUMBER_LENGTH = 20
_NUMBER_BODY = 11


def credit_code_check_character(first_17: str) -> str:
    """The 18th character of a unified social credit code, from the first 17 (GB 32100-2015, 4.5).

    Raises ValueError when there are not 17 characters of the standard's alphabet.
    """
    if len(first_17) != 17 or any(character not in CREDIT_CODE_ALPHABET for character in first_17):
        raise ValueError("17 characters of the GB 32100 alphabet are needed")
    total = sum(
        CREDIT_CODE_ALPHABET.index(character) * weight
        for character, weight in zip(first_17, _CREDIT_CODE_WEIGHTS, strict=True)
    )
    return CREDIT_CODE_ALPHABET[-total % 31]


def is_credit_code(text: str) -> bool:
    """Whether the text is a well-formed unified social credit code with the right check character."""
    if len(text) != 18 or any(character not in CREDIT_CODE_ALPHABET for character in text):
        return False
    return credit_code_check_character(text[:17]) == text[17]


def is_ship_identification_number(text: str) -> bool:
    """Whether the text has the shape of a ship identification number: CN, a year, seven more digits."""
    return _SHIP_NUMBER.fullmatch(text) is not None


def mod_37_36_check_character(body: str) -> str:
    """The check character of ISO/IEC 7064 MOD 37,36 for digits and capital letters.

    Raises ValueError for any other character.
    """
    product = 36
    for character in body:
        total = (product + _MOD_37_36_ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _MOD_37_36_ALPHABET[(37 - product) % 36]


def waybill_number(ready_on: date, identity: str) -> str:
    """The number of the waybill about ``identity`` (operator, consignor and shipment): always the same number.

    Eleven characters of a 31-letter alphabet give 2.5e16 numbers a day, so two shipments of one day practically never
    meet; the store refuses the second one if they do.
    """
    digest = int.from_bytes(hashlib.sha256(identity.encode()).digest(), "big")
    characters = []
    for _ in range(_NUMBER_BODY):
        digest, place = divmod(digest, len(CREDIT_CODE_ALPHABET))
        characters.append(CREDIT_CODE_ALPHABET[place])
    body = f"{_NUMBER_PREFIX}{ready_on:%y%m%d}{''.join(characters)}"
    return body + mod_37_36_check_character(body)


def is_waybill_number(text: str) -> bool:
    """Whether the text is a waybill number of ours with the right check character."""
    if len(text) != _NUMBER_LENGTH or not text.startswith(_NUMBER_PREFIX):
        return False
    if any(character not in _MOD_37_36_ALPHABET for character in text):
        return False
    return mod_37_36_check_character(text[:-1]) == text[-1]
