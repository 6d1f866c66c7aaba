"""A mail in the format of the wire."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.utils import formatdate

from workers.providers import checks
from workers.providers.mail import FILE_OF_INVITATION, Attachment, Mail


def compose(mail: Mail) -> EmailMessage:
    """Return the text, with HTML and an invitation beside it, and the attachments.

    The Message-ID stays the same.
    """
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = checks.address("sender", mail.sender)
    message["To"] = checks.address("recipient", mail.to)
    if mail.reply_to is not None:
        message["Reply-To"] = checks.address("reply address", mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = mail.message_id
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        if attachment.is_invitation:
            message.add_alternative(
                attachment.content,
                maintype="text",
                subtype="calendar",
                params={**attachment.parameters, "charset": "utf-8"},
            )
    for attachment in mail.attachments:
        _attach(message, attachment)
    return message


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    """Add a file. An invitation is under a type that programs act on only once."""
    media_type = FILE_OF_INVITATION if attachment.is_invitation else attachment.media_type
    maintype, _, subtype = media_type.partition("/")
    message.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=attachment.filename,
        params={} if attachment.is_invitation else attachment.parameters,
    )
