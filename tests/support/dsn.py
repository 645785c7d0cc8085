"""Delivery status notifications in the manners of the common mail servers, about a letter of ours. Made up, in their forms."""

import base64
import quopri
from collections.abc import Mapping

MESSAGE_ID = "<8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10@notifier.star.invalid>"
ENVELOPE_ID = "8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10"

_RETURNED = f"""\
From: Otaki Example College <no-reply@star.invalid>
To: mere@example.test
Subject: =?utf-8?q?T=C4=81ne_has_been_away?=
Date: Fri, 20 Nov 2026 02:00:00 +0000
Message-ID: {MESSAGE_ID}
Auto-Submitted: auto-generated
"""

POSTFIX = f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example.test (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: no-reply@star.invalid
Auto-Submitted: auto-replied
Message-Id: <20261120020101.4D5E6@mail.example.test>
Date: Fri, 20 Nov 2026 15:01:01 +1300 (NZDT)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4D5E6.1795140061/mail.example.test"

This is a MIME-encapsulated message.

--4D5E6.1795140061/mail.example.test
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<mere@example.test>: host mx.example.test[192.0.2.7] said: 550 5.1.1
    <mere@example.test>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)

--4D5E6.1795140061/mail.example.test
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.test
X-Postfix-Queue-ID: 4D5E6
X-Postfix-Sender: rfc822; no-reply@star.invalid
Arrival-Date: Fri, 20 Nov 2026 15:00:58 +1300 (NZDT)

Final-Recipient: rfc822; mere@example.test
Original-Recipient: rfc822;mere@example.test
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.test
Diagnostic-Code: smtp; 550 5.1.1 <mere@example.test>: Recipient address
    rejected: User unknown

--4D5E6.1795140061/mail.example.test
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{_RETURNED}
--4D5E6.1795140061/mail.example.test--
"""

POSTFIX_DELAYED = POSTFIX.replace("Action: failed", "Action: delayed").replace("Status: 5.1.1", "Status: 4.4.1")

EXIM = f"""\
Return-path: <>
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.example.test>
To: no-reply@star.invalid
References: {MESSAGE_ID}
Content-Type: multipart/report; report-type=delivery-status; boundary=1795140061-eximdsn-123456
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tDxyz-0001ab-Cd@relay.example.test>
Date: Fri, 20 Nov 2026 15:01:01 +1300

--1795140061-eximdsn-123456
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  mere@example.test
    host mx.example.test [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<mere@example.test>:
    550 5.1.1 No such user

--1795140061-eximdsn-123456
Content-type: message/delivery-status

Reporting-MTA: dns; relay.example.test

Action: failed
Final-Recipient: rfc822;mere@example.test
Status: 5.0.0
Remote-MTA: dns; mx.example.test
Diagnostic-Code: smtp; 550 5.1.1 No such user

--1795140061-eximdsn-123456
Content-type: message/rfc822

Return-path: <no-reply@star.invalid>
Received: from [192.0.2.99] by relay.example.test with esmtp (Exim 4.98)
{_RETURNED}
This is a multi-part message.

--1795140061-eximdsn-123456--
"""

EXCHANGE = f"""\
From: Microsoft Outlook <postmaster@example.test>
To: <no-reply@star.invalid>
Date: Fri, 20 Nov 2026 02:01:03 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="d8a1b2c3-0000-4000-8000-00000000aaaa"
Content-Language: en-NZ
Message-ID: <99999999-aaaa@example.test>
In-Reply-To: {MESSAGE_ID}
Subject: =?utf-8?B?VW5kZWxpdmVyYWJsZTogVMSBbmUgaGFzIGJlZW4gYXdheQ==?=
Auto-Submitted: auto-replied
MIME-Version: 1.0

--d8a1b2c3-0000-4000-8000-00000000aaaa
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="d8a1b2c3-0000-4000-8000-00000000bbbb"

--d8a1b2c3-0000-4000-8000-00000000bbbb
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

RGVsaXZlcnkgaGFzIGZhaWxlZCB0byB0aGVzZSByZWNpcGllbnRzOg0K

--d8a1b2c3-0000-4000-8000-00000000bbbb
Content-Type: text/html; charset="utf-8"

<html><body><p>Delivery has failed to these recipients:</p></body></html>

--d8a1b2c3-0000-4000-8000-00000000bbbb--

--d8a1b2c3-0000-4000-8000-00000000aaaa
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.example.test
Received-From-MTA: dns;mail.star.invalid
Arrival-Date: Fri, 20 Nov 2026 02:01:02 +0000

Original-Recipient: rfc822;mere@example.test
Final-Recipient: rfc822;mere@example.test
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: mere@example.test

--d8a1b2c3-0000-4000-8000-00000000aaaa
Content-Type: message/rfc822

Received: from mail.star.invalid (192.0.2.99) by EX01.example.test
{_RETURNED}X-MS-Exchange-Organization-SCL: 1
Content-Type: text/plain

Kia ora
--d8a1b2c3-0000-4000-8000-00000000aaaa--
"""

GMAIL = f"""\
Delivered-To: no-reply@star.invalid
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: no-reply@star.invalid
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {MESSAGE_ID}
In-Reply-To: {MESSAGE_ID}
X-Failed-Recipients: mere@example.test
Message-ID: <673d3e5c.050a0220@mx.example>
Date: Thu, 19 Nov 2026 18:01:04 -0800 (PST)
MIME-Version: 1.0
Content-Type: multipart/report; boundary="000000000000abcdef0123456789"; report-type=delivery-status

--000000000000abcdef0123456789
Content-Type: multipart/related; boundary="000000000000abcdef01234567aa"

--000000000000abcdef01234567aa
Content-Type: text/plain; charset="UTF-8"

** Message blocked **
--000000000000abcdef01234567aa--
--000000000000abcdef0123456789
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Received-From-MTA: dns; no-reply@star.invalid
Arrival-Date: Thu, 19 Nov 2026 18:01:03 -0800 (PST)
X-Original-Message-ID: {MESSAGE_ID}

Final-Recipient: rfc822; mere@example.test
Action: failed
Status: 5.7.1
Remote-MTA: dns; mx.example.test. (192.0.2.7, the server for the domain example.test.)
Diagnostic-Code: smtp; 550-5.7.1 Our system has detected that this message is likely
 550 5.7.1 unsolicited mail.
Last-Attempt-Date: Thu, 19 Nov 2026 18:01:04 -0800 (PST)

--000000000000abcdef0123456789
Content-Type: message/rfc822

X-Received: by 192.0.2.5 with SMTP id a1
{_RETURNED}
Kia ora

--000000000000abcdef0123456789--
"""

FULL = POSTFIX.replace("Status: 5.1.1", "Status: 5.2.2").replace("550 5.1.1 <", "552 5.2.2 <")
EXPIRED = POSTFIX.replace("Status: 5.1.1", "Status: 4.4.7").replace(
    "smtp; 550 5.1.1 <mere@example.test>: Recipient address", "smtp; connect timed out"
)

SUCCESS_WITH_ENVELOPE_ID = f"""\
From: MAILER-DAEMON@mail.example.test
To: no-reply@star.invalid
Subject: Successful Mail Delivery Report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=ok

--ok
Content-Type: text/plain

Delivered.

--ok
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.test
Original-Envelope-Id: {ENVELOPE_ID}

Final-Recipient: rfc822; mere@example.test
Action: delivered (to mailbox)
Status: 2.0.0

--ok--
"""

EXPANDED_WITH_ONE_FAILED = SUCCESS_WITH_ENVELOPE_ID.replace(
    "Status: 2.0.0\n",
    "Status: 2.0.0\n\nFinal-Recipient: rfc822; hana@example.test\nAction: failed\nStatus: 5.1.1\n",
)

GARBAGE: Mapping[str, bytes] = {
    "nothing": b"",
    "noise": bytes(range(256)) * 3,
    "a letter": b"From: mere@example.test\nTo: no-reply@star.invalid\nSubject: thank you\n\nKia ora\n",
    "an answering machine": (
        b"From: mere@example.test\nSubject: Away\nAuto-Submitted: auto-replied\nIn-Reply-To: " + MESSAGE_ID.encode() + b"\n\nI am away.\n"
    ),
    "a report about nobody's letter": SUCCESS_WITH_ENVELOPE_ID.replace(f"Original-Envelope-Id: {ENVELOPE_ID}\n", "").encode(),
    "a report without an action": POSTFIX.replace("Action: failed\n", "").encode(),
    "a report of nonsense": POSTFIX.replace("Action: failed", "Action: exploded").encode(),
    "a status part of plain text": POSTFIX.replace("Content-Type: message/delivery-status", "Content-Type: text/plain").encode(),
    "parts within parts": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(2000)),
    "an unknown charset": POSTFIX.replace("us-ascii", "x-klingon").replace("message/delivery-status", "text/plain").encode(),
}


def about(sample: str, message_id: str) -> bytes:
    """A sample about another letter."""
    return sample.replace(MESSAGE_ID, message_id).replace(ENVELOPE_ID, message_id.strip("<>").partition("@")[0]).encode()


GLOBAL = f"""\
From: MAILER-DAEMON@mail.example.test
Subject: =?utf-8?q?Undelivered?=
MIME-Version: 1.0
Content-Type: multipart/report; report-type=global-delivery-status; boundary="global"

--global
Content-Type: text/plain; charset=utf-8

mēre@example.test: no such user
--global
Content-Type: message/global-delivery-status

Reporting-MTA: dns; mail.example.test
Arrival-Date: Fri, 20 Nov 2026 15:00:58 +1300

Final-Recipient: utf-8; mēre@example.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 mēre@example.test: User unknown

--global
Content-Type: message/global-headers

From: Ōtaki Example College <no-reply@star.invalid>
To: mēre@example.test
Subject: Tāne has been away
Message-ID: {MESSAGE_ID}

--global--
"""
"""RFC 6533: an address outside ASCII, and the headers as they are."""


def encoded(report: str, coding: str, *types: str) -> bytes:
    """The report with its parts of these types in base64 or quoted-printable, as servers without 8BITMIME pass them on."""
    head, *parts = report.encode().split(b"\n--")
    for number, part in enumerate(parts):
        headers, blank, body = part.partition(b"\n\n")
        if any(b"content-type: " + kind.encode() in headers.lower() for kind in types):
            body = base64.encodebytes(body) if coding == "base64" else quopri.encodestring(body)
            parts[number] = headers + b"\nContent-Transfer-Encoding: " + coding.encode() + blank + body
    return b"\n--".join([head, *parts])
