"""The words of the page that families open: the house's English, and a school's own in any language. Pure."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import ConfigDict, Field, StringConstraints

from services.notifier.templates.languages import HOUSE, best, fallbacks
from shared.web.schemas import Body

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ReplyWords(Body):
    """The words of the page in one language, as plain texts. They name no child: the page puts the name behind `about`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hello: Sentence = Field(
        description="The first sentence, before anything is opened", examples=["The school would like to hear from you."]
    )
    go_on: Sentence = Field(description="The button that opens the page", examples=["Go on"])
    about: Sentence = Field(description="Stands before the child's given name", examples=["About"])
    question: Sentence = Field(description="The question", examples=["What would you like to tell us?"])
    ill: Sentence = Field(examples=["Our child is ill"])
    school_matter: Sentence = Field(examples=["Something at school makes it hard"])
    need_help: Sentence = Field(examples=["We need help"])
    wrong_number: Sentence = Field(examples=["The number of days is wrong"])
    ring_me: Sentence = Field(examples=["Please ring me"])
    words: Sentence = Field(description="The label of the family's own words", examples=["A few words, if you like"])
    kept: Sentence = Field(
        description="Says who reads the answer, and where it is kept", examples=["Staff of the school read your answer."]
    )
    choose: Sentence = Field(description="Asks for a choice, where none was made", examples=["Please choose one of these."])
    send: Sentence = Field(description="The button that sends", examples=["Send"])
    thanks: Sentence = Field(description="The last page", examples=["Thank you. The school has your answer."])


ENGLISH: Final = ReplyWords(
    hello="The school has written to you, and would like to hear from you.",
    go_on="Go on",
    about="About",
    question="What would you like to tell us?",
    ill="Our child is ill",
    school_matter="Something at school makes it hard",
    need_help="We need help",
    wrong_number="The number of days is wrong",
    ring_me="Please ring me",
    words="A few words, if you like",
    kept="Staff of the school read your answer, and keep it with your child’s attendance record.",
    choose="Please choose one of these.",
    send="Send",
    thanks="Thank you. The school has your answer.",
)
GONE: Final = (
    "This link can’t be opened. It holds once and for some days, so it may have been used, or be too old. "
    "If you have answered already, the school has your answer. If not, please ring the school."
)
"""One sentence for every link that does not hold, whatever the reason: nothing is learned from trying."""

MANY: Final = "There were too many tries from here. Please wait a minute, or ring the school."


def words_for(own: Mapping[str, ReplyWords], language: str) -> tuple[str, ReplyWords]:
    """The words for a reader of the language, and the language that they are in: the school's, as letters choose them, else the house's."""
    chosen = best(own, language)
    if chosen is None:
        return HOUSE, ENGLISH
    return next(tag for tag in fallbacks(language) if tag in own), chosen
