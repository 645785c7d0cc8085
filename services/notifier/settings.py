"""The notifier's settings."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from services.notifier.contacts.sending_window import parse_window
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from services.notifier.delivery.transports.text_gateway import DEFAULT_FIELDS, checked_fields, checked_gateway_url
from services.notifier.letters.policy import PolicyDefaults
from services.notifier.partners.addresses import Guard, parse_networks
from services.notifier.partners.vault import parse_keys
from services.notifier.templates.rendering.markup import allowed_link
from shared.addresses import usable_address
from shared.settings import Settings, WebAddress

SCHEMA: Final = "notifier"
"""The database schema of the service, and the name of its role."""


MOST_REPLY_URL: Final = 80
"""Characters: with the rest of a link, it leaves a text message room for its words."""


def _sender(address: str) -> str:
    usable = usable_address(address)
    if usable is None or not usable.isascii():
        raise ValueError("not an e-mail address that every mail server takes")
    return usable


def _smtp_url(url: str) -> str:
    if url:
        parse_smtp_url(url)
    return url


def _text_url(url: str) -> str:
    return checked_gateway_url(url) if url else url


def _text_fields(fields: dict[str, str]) -> dict[str, str]:
    return dict(checked_fields(fields))


def _reply_url(url: str) -> str:
    if url and (not allowed_link(url) or len(url) > MOST_REPLY_URL):
        raise ValueError(f"an https:// address of at most {MOST_REPLY_URL} characters")
    return url


def _networks(networks: str) -> str:
    parse_networks(networks)
    return networks


def _keys(keys: str) -> str:
    parse_keys(keys)
    return keys


def _window(window: str) -> str:
    parse_window(window)
    return window


class NotifierSettings(Settings):
    """How letters are held, written and sent."""

    database_pool: int = Field(default=16, ge=4, le=100)
    """Connections: two for letters, two for deliveries, one for each e-mail to staff under way, one for the relay, and one for each group
    of messages read. A letter or webhook on its way to the other side holds none."""

    hold: timedelta = Field(default=timedelta(hours=1), ge=timedelta(0), le=timedelta(days=14))
    """The waiting time between a crossing and its letter, in which a school can correct a wrong mark before anybody is worried by it."""

    letter_window: Annotated[str, AfterValidator(_window)] = "school-days 08:00-18:00"
    """The days and hours in which letters may go, on each school's own clock, at schools whose policy names no window: `any` for any hour,
    or `any` or `school-days` with hours, as in `school-days 08:00-18:00`."""

    tell_within: timedelta = Field(default=timedelta(days=14), ge=timedelta(hours=1), le=timedelta(days=400))
    """The greatest age of a crossing that gets a letter. A notifier with an empty database reads the whole topic again, and must not write
    to families about last term."""

    daily_cap_least: int = Field(default=200, ge=0, le=100_000)
    """Letters that may go in one day at a school whose policy sets no number, however few students it has. A term that is sent all at once
    stays below it, up to a school of some four hundred. Letters above it wait for a person."""

    daily_cap_share: float = Field(default=0.5, ge=0, le=10)
    """The same as a share of the school's students, if that is more. In a usual term every second student passes a threshold, and on a
    usual day one or two in a hundred: half of them in one day is a mistake in the marks."""

    smtp_url: Annotated[str, AfterValidator(_smtp_url)] = Field(default="", repr=False)
    """`smtp://` (TLS if the server offers it), `smtp+starttls://` (TLS or nothing) or `smtps://` (TLS from the first byte), as in
    `smtp+starttls://user:password@mail.example.nz:587`; special characters are percent-encoded. Empty if the process brings a mail server
    of its own and fills it in."""

    smtp_timeout: timedelta = Field(default=timedelta(seconds=60), ge=timedelta(seconds=1), le=timedelta(minutes=10))
    """The bound on one attempt, connecting included. Servers that check a letter before they accept it need up to half a minute."""

    mail_from: Annotated[str, AfterValidator(_sender)] = "no-reply@star.invalid"
    """The address that letters come from, shown under the school's name. The sending domain's SPF and DKIM must include the server."""

    message_id_domain: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", max_length=200)] = (
        "notifier.star.invalid"
    )
    """The right half of every letter's Message-ID: a domain of the sender's own."""

    letters_at_once: int = Field(default=20, ge=1, le=64)
    """Letters sent side by side at most, each over a connection of its own. Mail servers commonly take ten to twenty from one client; where
    one takes fewer, fewer are used."""

    trials_an_hour: int = Field(default=20, ge=1, le=1_000)
    """Test letters that a school may send to itself in an hour."""

    smtp_letters_each: int = Field(default=100, ge=1, le=10_000)
    """Letters sent over one connection before it is closed: many servers allow no more than some hundred."""

    smtp_idle: timedelta = Field(default=timedelta(seconds=30), ge=timedelta(0), le=timedelta(minutes=5))
    """How long an idle connection stays open for the next letter. Servers hang up on idle clients, many after a minute."""

    smtp_per_minute: int = Field(default=0, ge=0, le=100_000)
    """Letters a minute that this process gives to the mail server, 0 for as many as it takes. With several workers, give each its share."""

    delivery_pause: timedelta = Field(default=timedelta(seconds=30), ge=timedelta(milliseconds=50), le=timedelta(hours=1))
    """The pause after a letter was refused for the first time; it doubles each time. Half a minute is a greylisting server's usual
    patience."""

    delivery_longest_pause: timedelta = Field(default=timedelta(hours=1), ge=timedelta(milliseconds=50), le=timedelta(days=1))
    """The longest of those pauses."""

    soft_bounces: int = Field(default=3, ge=1, le=100)
    """Letters within 30 days that did not arrive for no clear reason, after which the address is a bad one."""

    letters_kept: timedelta = Field(default=timedelta(days=2557), ge=timedelta(days=30), le=timedelta(days=36_500))
    """How long a letter's words, addresses and attempts are kept: seven years, like the register. Then they are erased. The fact that it
    was sent, its time and its threshold stay. The words and addresses of a student who leaves are erased at once."""

    console_url: WebAddress = ""
    """The address under which browsers reach the console's host: e-mails to staff lead there. Empty: they have no link."""

    reply_url: Annotated[str, AfterValidator(_reply_url)] = ""
    """The address at which families reach this service, as in `https://star.example.nz/notifier`: the links in letters begin with it, at
    schools whose letter policy has them. Empty: no letter has a link."""

    text_url: Annotated[str, AfterValidator(_text_url)] = ""
    """The `https://` address of a gateway for text messages. Empty: no text messages are sent."""

    text_token: str = Field(default="", repr=False)
    """The bearer token for the gateway."""

    text_fields: Annotated[dict[str, str], AfterValidator(_text_fields)] = Field(default_factory=lambda: dict(DEFAULT_FIELDS))
    """The fields of the gateway's JSON: `{to}`, `{text}` and `{reference}` are filled in, other values are sent as they are, as in
    `{"destination": "{to}", "content": "{text}", "reference_id": "{reference}", "source": "STAR"}`."""

    text_timeout: timedelta = Field(default=timedelta(seconds=20), ge=timedelta(seconds=1), le=timedelta(minutes=2))
    """The bound on one text message, connecting included."""

    text_per_minute: int = Field(default=0, ge=0, le=100_000)
    """Text messages a minute that this process gives to the gateway, 0 for as many as it takes."""

    webhook_allow: Annotated[str, AfterValidator(_networks)] = ""
    """Private networks that partners' webhooks may reach, also by `http://`, separated by commas: `10.20.0.0/16`. Every other address that
    is not public is refused, when a subscription is made and at every connection."""

    webhook_timeout: timedelta = Field(default=timedelta(seconds=15), ge=timedelta(seconds=1), le=timedelta(seconds=60))
    """The bound on one webhook, name look-up and connecting included; the Standard Webhooks specification recommends 15 to 30 s."""

    webhooks_at_once: int = Field(default=16, ge=2, le=256)
    """Webhooks sent side by side. Receivers that fail share at most half of them, so that slow ones delay nobody."""

    webhooks_at_once_each: int = Field(default=4, ge=1, le=64)
    """Webhooks under way to one subscription; a single one while it fails."""

    partner_events_kept: timedelta = Field(default=timedelta(days=30), ge=timedelta(days=7), le=timedelta(days=400))
    """How long events can be replayed to a subscription. It must be longer than a webhook is tried (some three days)."""

    secrets_key: Annotated[str, AfterValidator(_keys)] = Field(default="", repr=False)
    """The key that encrypts webhook secrets in the database: 32 bytes in URL-safe base64. With several, separated by commas, the first
    encrypts and all decrypt. Empty: `secrets.key` in the data folder, made on first use. Notifier processes that don't share that folder
    need this setting."""

    @property
    def policy_defaults(self) -> PolicyDefaults:
        """The values for choices that a school's letter policy leaves open."""
        return PolicyDefaults(self.hold, self.tell_within, self.daily_cap_least, self.daily_cap_share, parse_window(self.letter_window))

    @property
    def webhook_guard(self) -> Guard:
        """`webhook_allow`, read."""
        return Guard(parse_networks(self.webhook_allow))
