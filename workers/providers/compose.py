"""A mail as the message that goes over the wire."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.utils import formatdate

from workers.providers import checks
from workers.providers.mail import Mail


def compose(mail: Mail) -> EmailMessage:
    """The text, the HTML beside it, and the attachments, with a Message-ID that stays the same."""
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
        maintype, _, subtype = attachment.media_type.partition("/")
        message.add_attachment(
            attachment.content,
            maintype=maintype,
            subtype=subtype,
            filename=attachment.filename,
            params=attachment.parameters,
        )
    return message
