"""What all tables share: their base class, and types that SQLite does not have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

#: The newest migration (migrations/versions); readers compare it without importing Alembic.
SCHEMA_REVISION = "0003"

_SIGN_BIT = 1 << 63


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC; SQLite keeps no zone, so it is taken off and put back here."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the naive UTC moment that is stored."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the aware moment."""
        return None if value is None else value.replace(tzinfo=UTC)


class Hash64(TypeDecorator[str]):
    """A 64-bit perceptual hash: 16 hexadecimal digits outside, a signed integer inside.

    Integers load into an array twice as fast as text, and SQL can compare their bits.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:
        """Return the signed integer of 16 hexadecimal digits."""
        if value is None:
            return None
        number = int(value, 16)
        return number - 2 * _SIGN_BIT if number & _SIGN_BIT else number

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Return 16 hexadecimal digits."""
        return None if value is None else f"{int(value) % (2 * _SIGN_BIT):016x}"


class Base(DeclarativeBase):
    """The declarative base of all tables."""
