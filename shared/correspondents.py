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

_PERSONAL: Final = (
    r"no\s*contact|(?:do\s*not|dont)\s*contact|dnc|court\s*order|protection\s*order|parenting\s*order|no\s*access|non\s*molestation|tres+pass\w*|"
    r"restraining|deceased"
)
_IN_NAMES: Final = re.compile(rf"\b(?:{_PERSONAL}|do\s*not)\b")
"""The same in a name, where a single word can be a surname."""

_IN_PLACES: Final = re.compile(rf"\b(?:{_PERSONAL})\b")
"""The same beside an address or a number, where a single word can be a street, and `do not text` says nothing of letters."""

_NOT_FOR_USE: Final = re.compile(
    r"\b(?:do\s*not|dont|not\s*(?:to|for|in)\s*(?:be\s*)?use\w*|no\s*(?:e\s*)?(?:mails?|letters?|post|texts?|calls?)|"
    r"withheld|confidential|suppressed|unknown|no\s*fixed\s*abode)\b"
)
"""Words beside an address or a number that close it, and say nothing about its owner."""

_OF_ACCESS: Final = re.compile(r"\b(?:legal|(?<!last )access|alerts?|warnings?)\b")
"""Titles of columns whose text a person has to decide about. A `Last Access` is the day on which somebody last looked at a portal."""

_OF_MACHINES: Final = frozenset({"portal", "web", "online", "internet", "email", "mail", "sms", "text", "login", "app", "box", "sort"})
"""Words that make something else of such a title: access to the portal, a PO Box, the sort order."""

_OF_PLACES: Final = frozenset({"address", "street", "suburb", "town", "city", "county", "country", "postcode", "postal"}) | {
    *("email", "mail", "phone", "mobile", "cell", "sms", "user", "login", "employer", "occupation", "job", "work")
}
"""Words of titles whose text is a place, a number or a trade: a `Court Road` or a police officer restricts nothing."""

_GRANTS: Final = re.compile(
    r"\b(?:allow\w*|permit\w*|authori[sz]\w*|may|can|receiv\w*|consent\w*|legal|access|contactable|mailing|correspond\w*)\b"
)
"""Titles whose `No` is the restriction: `Legal Access`, `May Receive Letters`."""

_LIMITS: Final = re.compile(
    r"\b(?:no|non|not|dont|without|restr\w*|limit\w*|prohibit\w*|forbid\w*|den(?:y|ied)|refus\w*|revok\w*|block\w*|orders?|alerts?|warnings?)\b"
)
"""Titles that name the restriction itself, whose `No` says that there is none: `No Access`, `Access Restrictions`, `Legal Alert`."""

_NO: Final = frozenset({"0", "n", "no", "f", "false"})
_NOT_SO: Final = _NO | {"", "-", "none", "nil", "n/a"}
"""Texts of a column such as `Court Order` that say that there is none."""

_NO_CORRESPONDENT: Final = re.compile(
    r"(?:(?:first|second|third|[1-9](?:st|nd|rd|th)?)\s*)?"
    r"(?:(?:in\s*case\s*of\s*)?(?:emergency|emergencies|emerg|emer|ice)(?:\s*(?:only|contact|contacts|caregiver|use|person|backup))*"
    r"|(?:former|previous|past|ex|old)(?:\s*(?:caregiver|parent|contact|guardian))?|(?:no\s*longer|not)\s*(?:a\s*)?(?:caregiver|guardian)"
    r"|inactive|archived|left|removed|ended|expired"
    r"|(?:billing|bill\s*payer|accounts?|fees|invoices?|payments?)(?:\s*(?:only|contact))*"
    r"|(?:pick\s*up|collection|transport)(?:\s*(?:only|person|contact))*|doctor|gp|dentist|next\s*of\s*kin|nok|neighbou?r)"
    r"(?:\s*(?:[0-9]{1,4}|[a-d]))?"
)

_PARENTS: Final = "mothers?|fathers?|mums?|moms?|dads?|parents?"
_PEOPLE: Final = (
    rf"care\s*givers?|carers?|guardians?|{_PARENTS}|(?:grand|step|foster|whangai|host)\s*(?:{_PARENTS}|ma|pa)|home\s*stay\s*parents?|mama|papa",
    r"grandad|gran|granny|nana?|nanny|pop|poppa|koro|kuia?|tupuna|tipuna|whaea|matua|kaitiaki|aunt(?:y|ie)?|uncle|sister|brother|cousin|whanau|family",
)
_PERSON: Final = rf"(?:{'|'.join(_PEOPLE)})"
_ROLE: Final = re.compile(rf"{_PERSON}(?:\s*(?:and|or)?\s*{_PERSON})*(?:\s*(?:[0-9]{{1,2}}|[a-d]))?")
_HARMLESS: Final = re.compile(
    r"(?:active|current|ok|okay|yes|y|normal|standard|live|lives\s*with|living\s*with|resident(?:ial)?|enabled|valid|verified|main|primary|secondary|[ab]"
    rf"|(?:(?:legal|primary|main|first|second|secondary|other|joint)\s*)?{_PERSON}(?:\s*(?:and|or)?\s*{_PERSON})*)(?:\s*(?:[0-9]{{1,2}}|[a-d]))?"
)
"""Single letters are A and B only, the two caregivers of a system: a D can be for divorced, or worse."""

_SEPARATORS: Final = frozenset('.,;:/\\&"|\u00b7\u2022')
"""Signs that only stand between words, with blanks, dashes and brackets (`_BETWEEN`). Any other (an asterisk, a dagger, a mark of
exclamation or of question, a picture) says something that only the office knows."""

_BETWEEN: Final = frozenset({"Pd", "Ps", "Pe", "Pi", "Pf", "Pc"})

_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_OTHER: Final = re.compile(r"[\W_]+")
_SPELT_OUT: Final = re.compile(r"\b[a-z](?: [a-z]\b)+")


def is_role(name: str) -> bool:
    """Whether a name is only what somebody is to a child, as in `Mother` or `Caregiver 1`."""
    return _ROLE.fullmatch(words_key(name)) is not None


def text_key(text: str | None) -> str:
    """The form that all spellings of one text share: no case, no macrons, no punctuation, and `N.C.` is `nc`. Empty for nothing.

    Signs that an office sets beside a word (an asterisk, a question mark, a picture) stand at its end: `Mother` and `Mother*` are two.
    """
    return " ".join(filter(None, (words_key(text), _signs(text))))


def words_key(text: str | None) -> str:
    """The same without signs: for names, where a sign makes nobody another person."""
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text or "")).casefold()
    # A roster has tens of thousands of these, and most have nothing that combines.
    plain = bare if bare.isascii() else "".join(character for character in bare if not unicodedata.combining(character))
    return _SPELT_OUT.sub(lambda spelt: spelt[0].replace(" ", ""), _OTHER.sub(" ", plain).strip())


def _signs(text: str | None) -> str:
    if text is not None and text.isascii() and text.isalnum():
        return ""
    return "".join(sorted({sign for sign in unicodedata.normalize("NFKC", _APOSTROPHES.sub("", text or "")) if _is_sign(sign)}))


def _is_sign(character: str) -> bool:
    category = unicodedata.category(character)
    return character not in _SEPARATORS and category[0] in "PS" and category not in _BETWEEN


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
    if "protected" in map(judged, (caregiver.status, caregiver.role, caregiver.relationship)):
        return True
    if _IN_NAMES.search(text_key(caregiver.name)):
        return True
    return any(_IN_PLACES.search(text_key(place)) for place in (caregiver.email, caregiver.phone, caregiver.postal_address) if place)


def may_restrict(title: str) -> bool:
    """Whether a column of that title, about a caregiver, may hold what restricts contact: `Court Order`, `Legal Access`, `Alerts`."""
    words = text_key(title).split()
    says = any(pattern.search(" ".join(words)) is not None for pattern in (_PROTECTED, _OF_ACCESS))
    return says and judged(title) != "harmless" and _OF_MACHINES.isdisjoint(words)


def said_in(title: str, text: str) -> str | None:
    """The words of a column about a caregiver that may restrict contact, with the column's title; None if they restrict nothing."""
    value, names = text.strip().casefold(), set(text_key(title).split())
    said = f"{title}: {text.strip()}"
    if value in _NOT_SO:
        return said if value in _NO and _grants(title) and (_OF_MACHINES - {"mail", "email"}).isdisjoint(names) else None
    if may_restrict(title):
        return said
    restricts = is_closed(text) if names & (_OF_PLACES | _OF_MACHINES) else judged(text) == "protected"
    return said if restricts else None


def _grants(title: str) -> bool:
    key = text_key(title)
    return _GRANTS.search(key) is not None and _LIMITS.search(key) is None


def shortened(text: str, most: int) -> str:
    """So many characters of a text; of a longer one the part that restricts contact, wherever it stands."""
    parts = (text[start : start + most] for start in range(0, len(text), max(most // 2, 1)))
    return next((part for part in parts if judged(part) == "protected"), text[:most])


def is_closed(words: str) -> bool:
    """Whether words beside an address say that it must not be used, as in `do not use: a@example.nz`."""
    key = text_key(words)
    return _NOT_FOR_USE.search(key) is not None or _IN_PLACES.search(key) is not None


def judgement_of(caregiver: Caregiver) -> Judgement:
    """The strictest judgement about any of the caregiver's words."""
    judgements = {judged(caregiver.status), judged(caregiver.role)}
    if is_protected(caregiver):
        return "protected"
    return next(judgement for judgement in _WORST if judgement in judgements)
