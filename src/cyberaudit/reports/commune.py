"""How French puts « de » before the name of a commune: « du Havre », « d'Aubagne », « de L'Haÿ »."""

import unicodedata

_ARTICLES = {"le": "du", "les": "des"}
_VOWELS = frozenset("aeiouœæ")


def of_commune(name: str) -> str:
    """« de Ville-Exemple », « d'Aubagne », « du Havre », « des Lilas », « de La Rochelle »."""
    article, space, rest = name.replace("\u00a0", " ").partition(" ")
    if space and article.casefold() in _ARTICLES:
        return f"{_ARTICLES[article.casefold()]} {rest}"
    return f"d'{name}" if _is_elided(name) else f"de {name}"


def _is_elided(name: str) -> bool:
    """A vowel, « Hy… », or a Y before a consonant; « de » is kept before any other H, where usage varies."""
    letters = _bare(name)
    if letters[:1] == "y":
        return letters[1:2] not in _VOWELS
    return letters[:1] in _VOWELS or letters.startswith("hy")


def _bare(name: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFD", name.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
