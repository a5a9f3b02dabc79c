"""Field defaults that several tables share."""

import secrets

# No vowels and no look-alikes: an id never spells a word and survives being read aloud.
ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def opaque_id() -> str:
    """Return 12 random characters (57 bits) that say nothing about age, order or origin of a row."""
    return encode_id(secrets.randbits(64))


def encode_id(number: int) -> str:
    """Return the id that a number of 64 bits comes to; addresses take no other."""
    letters = []
    for _ in range(12):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def shuffle_number() -> int:
    """Return a random 31-bit place in the shuffled order of a study."""
    return secrets.randbits(31)
