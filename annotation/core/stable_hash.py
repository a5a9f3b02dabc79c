"""PURE. Reproducible random numbers from a hash, independent of any library's generator."""

import hashlib


def stable_digest(purpose: str, seed: int, *words: str) -> bytes:
    """Return 32 pseudorandom bytes that depend on the arguments alone, on every machine and version."""
    text = ":".join((purpose, str(int(seed)), *words))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
