"""The original's encryption: one password for the database, the pictures and their names."""

from __future__ import annotations

from typing import Final

from imagefap_scraper.exceptions import UserInputError

__all__ = ["MAGIC", "LegacyKey", "NotDecryptedError"]

#: How a file of it starts: a version, and the first bytes of a date (seconds since 1970, 8 bytes, big-endian).
MAGIC: Final = b"\x80\0\0\0"
#: The original makes its key with these, always: it keeps no salt anywhere.
_SALT: Final = b"\xda4,92\x80\x88\xf1\xc8\x18x@Q\x95*&"
_ROUNDS: Final = 1_745_202
#: Bytes: version and date, then the initialisation vector, then the text in blocks, then a signature over all of it.
_HEAD: Final = 9
_VECTOR: Final = 16
_BLOCK: Final = 16
_SIGNATURE: Final = 32


class NotDecryptedError(Exception):
    """The bytes were not encrypted with this key, or are damaged."""


class LegacyKey:
    """What a password opens: Fernet without its Base64, half of the key to sign and half to encrypt."""

    def __init__(self, password: str) -> None:
        """Derive the key, which takes about a second on purpose.

        Raises:
            UserInputError: the password is empty, which the original refuses as well.
        """
        if not password.strip():
            raise UserInputError("the password is empty; give the one that the original program asked for")
        # Here and not above: most databases are not encrypted.
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC  # noqa: PLC0415

        derivation = PBKDF2HMAC(algorithm=SHA256(), length=32, salt=_SALT, iterations=_ROUNDS)
        self._key = derivation.derive(password.encode())

    def decrypt(self, content: bytes) -> bytes:
        """Return what was encrypted.

        Raises:
            NotDecryptedError: the key is another one, or the bytes are damaged; which, nobody can tell.
        """
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.hmac import HMAC  # noqa: PLC0415
        from cryptography.hazmat.primitives.padding import PKCS7  # noqa: PLC0415

        view = memoryview(content)
        text = view[_HEAD + _VECTOR : -_SIGNATURE]
        if content[:1] != MAGIC[:1] or not len(text) or len(text) % _BLOCK:
            raise NotDecryptedError
        signature = HMAC(self._key[:16], SHA256())
        signature.update(view[:-_SIGNATURE])
        try:
            signature.verify(content[-_SIGNATURE:])
            cipher = Cipher(algorithms.AES(self._key[16:]), modes.CBC(content[_HEAD : _HEAD + _VECTOR])).decryptor()
            padding = PKCS7(_BLOCK * 8).unpadder()
            return padding.update(cipher.update(text) + cipher.finalize()) + padding.finalize()
        except (InvalidSignature, ValueError):
            raise NotDecryptedError from None

    def file_name(self, sha256: str) -> str:
        """Return the name, without extension, under which the original keeps an encrypted blob or thumbnail."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

        # Each name is one hash, two blocks that look random: the weakness of this mode has nothing to work on.
        cipher = Cipher(algorithms.AES(self._key), modes.ECB()).encryptor()  # noqa: S305
        return (cipher.update(bytes.fromhex(sha256)) + cipher.finalize()).hex()
