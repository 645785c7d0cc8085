"""Whether the words of a school's system about a caregiver let a letter go to them: one judgement for the letters and for the report of a
school's data. Pure.

Systems keep a caregiver's `status` and `role` as free text, and no list of their values is public. So the judgement fails safe: only
what stands on a short list is harmless, whatever speaks of protection wins over all else, and a person decides about the rest.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal

from shared.events.data import Caregiver

Judgement = Literal["harmless", "undecided", "no-correspondent", "protected"]
"""`harmless`: a letter may go. `undecided`: not until a person has decided about the text. `no-correspondent`: somebody whom the school
lists for another purpose, as emergencies. `protected`: never, whatever else is said or was decided."""

_WORST: Final[tuple[Judgement, ...]] = ("protected", "no-correspondent", "undecided", "harmless")

_RESTRICTIONS: Final = (
    # Contact itself, forbidden or limited.
    r"no\s*cont\w*|non\s*(?:contact|assoc\w*)|(?:zero|nil|without|limited|indirect)\s*contact|contact\s*(?:prohibited|forbidden|barred)|nc|dnc|dnr|dnm|dne",
    r"no\s*(?:ac+es+|corresp|communicat|comms|mail|e\s*mail|letter|text|call|phone|info|release|disclos|visit|details)\w*",
    r"do\s*not|dont|not\s*to|not\s*be|(?:must|may|shall|should|can)\s*not|cannot|never",
    r"not\s*(?:contact|allow|permit|authori|write|send|ring|call|disclos)\w*|kaua|kaore|kore\s*(?:e\s*)?whakapa\w*|rahui|arai|whakakore\w*",
    r"access\s*(?:only|limited|denied|order|refus\w*|conditional)|(?:limited|conditional|part|partial)\s*access|supervis\w*",
    r"(?<!no\s)restr[aei]\w*|prohibit\w*|forbid\w*|forbad\w*|ban|banned|bar|barred|exclu\w*|block\w*|deny|denied|refus\w*|revok\w*",
    r"withh[eo]ld\w*|with\s*hold|conceal\w*|confiden\w*|suppress\w*|secret|refuge|whereabouts|undisclosed|unlisted",
    # Courts and the police.
    r"court|orders?|prot\w*\s*ord\w*|protect\w*|parenting\s*ord\w*|po|tpo|ipo|fpo|tro|dvo|avo|dvpo|pso|injunct\w*|undertaking",
    r"non\s*mol\w*|molest\w*|tres+pas+\w*|tresp|trespess\w*|custod\w*|guardianship\s*removed|bail\w*|remand\w*|parole\w*",
    r"police|prison\w*|jail\w*|imprison\w*|incarcerat\w*|corrections",
    # Harm.
    r"abus\w*|violen\w*|assault\w*|threat\w*|danger\w*|harass\w*|stalk\w*|unsafe|risk|safety|haumaru|fv|dv|ipv|family\s*harm",
    # Death.
    r"deceased|dece?d|died|dead|death|passed\s*(?:away|on)|rip|kua\s*mate|bereaved",
)
_PROTECTED: Final = re.compile(rf"\b(?:{'|'.join(_RESTRICTIONS)})\b")
"""Words that restrict contact, anywhere in a text: English as schools write it, with its abbreviations and slips, and te reo Maori."""

_IN_NAMES: Final = re.compile(
    r"\b(?:no\s*contact|do\s*not\b|dont\s*contact|dnc|court\s*order|protection\s*order|parenting\s*order|no\s*access|non\s*molestation|tres+pass\w*|"
    r"restraining|deceased)\b"
)
"""The same in a name or a relationship, where a single word can be a surname."""

_NO_CORRESPONDENT: Final = re.compile(
    r"(?:(?:in\s*case\s*of\s*)?(?:emergency|emergencies|emerg|emer|ice)(?:\s*(?:only|contact|contacts|caregiver|use|person|backup))*"
    r"|(?:former|previous|past|ex|old)(?:\s*(?:caregiver|parent|contact|guardian))?|inactive|archived|left|removed|ended|expired"
    r"|(?:billing|accounts?|fees|invoices?|payments?)(?:\s*(?:only|contact))*|(?:pick\s*up|collection|transport)(?:\s*(?:only|person|contact))*"
    r"|doctor|gp|dentist|next\s*of\s*kin|neighbou?r)"
)

_PARENTS: Final = "mothers?|fathers?|mums?|moms?|dads?|parents?"
_PEOPLE: Final = (
    rf"care\s*givers?|carers?|guardians?|{_PARENTS}|(?:grand|step|foster|whangai|host)\s*(?:{_PARENTS}|ma|pa)|home\s*stay\s*parents?|mama|papa",
    r"nana?|nanny|poppa|koro|kuia?|tupuna|whaea|matua|aunt(?:y|ie)?|uncle|sister|brother|cousin|whanau|family",
)
_HARMLESS: Final = re.compile(
    r"(?:active|current|ok|okay|yes|y|normal|standard|live|lives\s*with|living\s*with|resident(?:ial)?|enabled|valid|verified|main|primary|secondary|[a-d]"
    rf"|(?:(?:legal|primary|main|first|second|other|joint)\s*)?(?:{'|'.join(_PEOPLE)}))(?:\s*(?:[0-9]{{1,2}}|[a-d]))?"
)

_SET_BESIDE: Final = "*\u2020\u2021\u00d7"
"""Asterisk, daggers and cross. With any picture, they say something that only the office knows."""

_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_OTHER: Final = re.compile(r"[\W_]+")
_SPELT_OUT: Final = re.compile(r"\b[a-z](?: [a-z]\b)+")


def text_key(text: str | None) -> str:
    """The form that all spellings of one text share: no case, no macrons, no punctuation, and `N.C.` is `nc`. Empty for nothing.

    Signs that an office sets beside a word (an asterisk, a dagger, a picture) stand at its end: `Mother` and `Mother*` are two texts.
    """
    return " ".join(filter(None, (words_key(text), _signs(text))))


def words_key(text: str | None) -> str:
    """The same without signs: for names, where a sign makes nobody another person."""
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text or "")).casefold()
    plain = "".join(character for character in bare if not unicodedata.combining(character))
    return _SPELT_OUT.sub(lambda spelt: spelt[0].replace(" ", ""), _OTHER.sub(" ", plain).strip())


def _signs(text: str | None) -> str:
    return "".join(sorted({sign for sign in text or "" if sign in _SET_BESIDE or unicodedata.category(sign) == "So"}))


@lru_cache(maxsize=4096)
def judged(text: str | None) -> Judgement:
    """The judgement about a status or a role. Nothing is harmless; a text without a letter or digit that can be read is undecided."""
    if text is None or not text.strip():
        return "harmless"
    key = text_key(text)
    if not key:
        return "harmless" if set(text.strip()) <= set("-./") else "undecided"
    if _PROTECTED.search(key):
        return "protected"
    if _NO_CORRESPONDENT.fullmatch(words_key(text)):
        return "no-correspondent"
    return "harmless" if _HARMLESS.fullmatch(key) else "undecided"


def is_protected(caregiver: Caregiver) -> bool:
    """Whether any words about the caregiver restrict contact. No decision of a person outweighs it: the school changes its own words."""
    if "protected" in (judged(caregiver.status), judged(caregiver.role)):
        return True
    return any(_IN_NAMES.search(text_key(text)) for text in (caregiver.name, caregiver.relationship) if text)


def judgement_of(caregiver: Caregiver) -> Judgement:
    """The strictest judgement about any of the caregiver's words."""
    judgements = {judged(caregiver.status), judged(caregiver.role)}
    if is_protected(caregiver):
        return "protected"
    return next(judgement for judgement in _WORST if judgement in judgements)
