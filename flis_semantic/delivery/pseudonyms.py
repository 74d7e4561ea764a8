"""Keyed pseudonyms of personal numbers: HMAC-SHA-256 of the number, of which the first 64 bits are kept, with a sign.

One key per installation, so that a person has one pseudonym in every table and from every sender. It comes from the
environment, or from a file that the environment names, and stays in this process: it is in no SQL and in no file of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from struct import Struct

from flis_semantic.errors import ArgumentError
from flis_semantic.ledger import Ledger
from flis_semantic.workspace import KEY_FILE_VARIABLE, KEY_VARIABLE

LEAST_BYTES = 32
MOST_BYTES = 4096

_BLOCK = 64
_SIGNED = Struct(">q")
_PURPOSE = b"fingerprint of the key in ledger "
_HOW = f"Set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to a file that holds it: at least {LEAST_BYTES} bytes, kept for as long as the data."


DEMONSTRATION_KEY = b"everybody knows this key: only for persons who do not exist"
"""What a demonstration receives invented persons under. Nothing else may use it: deliveries under two keys are never mixed."""


class PseudonymKey:
    """A key, ready to be used. Its text is shown nowhere, whoever prints it."""

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK:
            key = hashlib.sha256(key).digest()
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
        self._key = key

    def __repr__(self) -> str:
        return "PseudonymKey(…)"

    def pseudonyms(self, numbers: Iterable[str | None]) -> list[int | None]:
        """The pseudonym of each number, None for None."""
        # A copy of a hash that has read the key already takes half the time of a new one.
        inner, outer, unpack = self._inner.copy, self._outer.copy, _SIGNED.unpack_from
        found: list[int | None] = []
        for number in numbers:
            if number is None:
                found.append(None)
                continue
            first = inner()
            first.update(number.encode())
            second = outer()
            second.update(first.digest())
            found.append(unpack(second.digest())[0])
        return found

    def fingerprint(self, ledger: str) -> str:
        """What tells this key from another one in a ledger, and nothing else about it."""
        return hmac.digest(self._key, _PURPOSE + ledger.encode(), "sha256").hex()


def key_from_environment(environment: Mapping[str, str] = os.environ) -> PseudonymKey:
    """The installation's key.

    Raises ArgumentError, in whose text the key is not, when there is none, when both variables are set, or when it is too short.
    """
    text, file = environment.get(KEY_VARIABLE), environment.get(KEY_FILE_VARIABLE)
    if text is not None and file is not None:
        raise _refused(f"{KEY_VARIABLE} and {KEY_FILE_VARIABLE} are both set, and only one can hold the key.", "Remove the other.")
    if text is not None:
        return _checked(os.fsencode(text), f"The pseudonym key in {KEY_VARIABLE}")
    if file is None:
        raise _refused("Personal numbers are received as pseudonyms, and there is no key for them.", _HOW)
    if not file:
        raise _refused(f"{KEY_FILE_VARIABLE} is empty.", _HOW)
    return _checked(_read(Path(file)), f"The pseudonym key in {file}")


def key_is_named(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment says where the key is, rightly or not."""
    return KEY_VARIABLE in environment or KEY_FILE_VARIABLE in environment


def key_for(ledger: Ledger, key: PseudonymKey | None) -> PseudonymKey:
    """The key to receive under: the one given, else the environment's. Raises ArgumentError when it is not the ledger's."""
    key = key if key is not None else key_from_environment()
    known = ledger.key_fingerprint
    if known is not None and known != key.fingerprint(ledger.identity):
        raise _refused(
            "The pseudonym key is another than the one under which personal numbers were received until now: one person would be two.",
            "Use that key, or receive everything anew in a project without state.",
        )
    return key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # An editor ends the last line; that is no part of the key.
            return file.read(MOST_BYTES + 1).rstrip(b"\r\n")
    except OSError as error:
        raise _refused(f"The file of the pseudonym key, {path}, cannot be read: {error.strerror}.", _HOW) from error


def _checked(key: bytes, what: str) -> PseudonymKey:
    if not key.strip():
        raise _refused(f"{what} is empty.", _HOW)
    if len(key) < LEAST_BYTES:
        raise _refused(f"{what} has {len(key)} bytes, it needs at least {LEAST_BYTES}.", "Make a longer one, at random.")
    if len(key) > MOST_BYTES:
        raise _refused(f"{what} has more than {MOST_BYTES:,} bytes.", "Is it the right file?")
    return PseudonymKey(key)


def _refused(message: str, hint: str) -> ArgumentError:
    return ArgumentError(message, hint=hint, code="pseudonym_key")
