"""Registries: what a lower floor reads and higher floors fill."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """A named, ordered list that other apps fill in their `contributions.py`.

    The order is `order`, then the sequence of adding. A key can be taken once only.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, tuple[int, T]] = {}

    def add(self, key: str, item: T, order: int = 0) -> T:
        """Put an item under a key and return it; a key that is taken raises ValueError."""
        if key in self._entries:
            raise ValueError(f"{self.name} has {key!r} already.")
        self._entries[key] = (order, item)
        return item

    def get(self, key: str) -> T:
        """The item of a key; an unknown key raises KeyError."""
        if key not in self._entries:
            raise KeyError(f"{self.name} knows no {key!r}.")
        return self._entries[key][1]

    def keys(self) -> list[str]:
        """Every key, in order."""
        return sorted(self._entries, key=lambda key: self._entries[key][0])

    def items(self) -> list[tuple[str, T]]:
        """Every key with its item, in order."""
        return [(key, self._entries[key][1]) for key in self.keys()]

    def __iter__(self) -> Iterator[T]:
        return (item for _, item in self.items())

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)
