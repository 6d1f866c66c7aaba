-- What can be told, about what, to whom, on which channels.
insert into engagement.subjects (name, description)
values
('booking', 'A booking of a customer with a business'),
('offer', 'An offer of a business to its customers'),
('waitlist', 'A free time, offered to a waitlist entry'),
('account', 'A user''s account: codes, links, and what has changed')
on conflict (name) do update set description = excluded.description;

insert into engagement.variables (subject, name, type, description)
values
('booking', 'customer_name', 'text', 'Name of the customer'),
('booking', 'business_name', 'text', 'Name of the business'),
('booking', 'business_phone', 'text', 'The business''s phone number'),
('booking', 'address', 'text', 'Address of the business'),
('booking', 'service_names', 'text', 'Names of the booked services'),
('booking', 'staff_names', 'text', 'Names of the staff'),
('booking', 'reference', 'text', 'Reference of the booking'),
('booking', 'starts_at', 'instant', 'Start'),
('booking', 'ends_at', 'instant', 'End'),
('booking', 'previous_starts_at', 'instant', 'Start before the move'),
('booking', 'total', 'money', 'Total price'),
('booking', 'fee', 'money', 'Fee for cancelling, a late move or a no-show; empty if there is none'),
('booking', 'cancelled_service', 'text', 'Name of the cancelled service, if others remain'),
('booking', 'party_size', 'whole_number', 'Number of guests'),
('booking', 'reason', 'text', 'Reason for rejecting, cancelling or moving it; may be empty'),
('waitlist', 'customer_name', 'text', 'Name of the customer'),
('waitlist', 'business_name', 'text', 'Name of the business'),
('waitlist', 'service_names', 'text', 'Name of the service'),
('waitlist', 'staff_names', 'text', 'Names of the staff'),
('waitlist', 'starts_at', 'instant', 'Start'),
('waitlist', 'expires_at', 'instant', 'When the offer expires'),
('waitlist', 'total', 'money', 'Total price'),
('offer', 'business_name', 'text', 'Name of the business'),
('offer', 'customer_name', 'text', 'Name of the reader'),
('offer', 'title', 'text', 'Title of the offer'),
('offer', 'body', 'text', 'Text of the offer'),
('account', 'code', 'text', 'The code to enter'),
('account', 'link', 'text', 'The link to follow'),
('account', 'minutes', 'whole_number', 'Minutes for which both are valid'),
('account', 'at', 'instant', 'When it happened'),
('account', 'ip', 'text', 'Network address'),
('account', 'agent', 'text', 'Program'),
('account', 'business_name', 'text', 'Name of the business'),
('account', 'service_names', 'text', 'Names of the booked services'),
('account', 'starts_at', 'instant', 'Start'),
('account', 'reference', 'text', 'Reference of the booking')
on conflict (subject, name) do update
set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, while_status
)
values
('booking.requested', 'booking', 'A booking waits for confirmation', false, false, null),
('booking.confirmed', 'booking', 'A booking is confirmed', true, false, null),
('booking.rejected', 'booking', 'The business rejects a request', true, false, null),
('booking.cancelled', 'booking', 'A booking was cancelled', true, false, null),
('booking.item_cancelled', 'booking', 'One of several services was cancelled', true, false, null),
('booking.moved', 'booking', 'A booking was moved', true, false, null),
('booking.reassigned', 'booking', 'Another person provides the service', false, false, null),
('booking.expired', 'booking', 'A request expired, because nobody confirmed it in time', false, false, null),
('booking.arrived', 'booking', 'The professional has arrived at the customer''s', true, false, 'confirmed'),
('booking.no_show', 'booking', 'The customer did not come', false, false, null),
('booking.completed', 'booking', 'The service was given; the message asks for a review', false, false, null),
('reminder.day', 'booking', 'A booking begins in 24 hours', false, false, 'confirmed'),
('reminder.hour', 'booking', 'A booking begins in an hour', false, false, 'confirmed'),
('auth.signup', 'account', 'A user must confirm an address or a number', true, false, null),
('auth.invite', 'account', 'A user is invited', true, false, null),
('auth.magiclink', 'account', 'Somebody signs in by mail', true, false, null),
('auth.recovery', 'account', 'Somebody has forgotten their password', true, false, null),
('auth.email_change', 'account', 'A user changes their address', true, false, null),
('auth.reauthentication', 'account', 'Somebody is about to change their password', true, false, null),
('auth.guest_booking', 'account', 'Somebody books, moves or cancels as a guest', true, false, null),
('auth.sms', 'account', 'Somebody signs in by SMS', true, false, null),
('auth.phone_change', 'account', 'A user changes their number', true, false, null),
('auth.password_changed', 'account', 'A password was changed', true, false, null),
('auth.email_changed', 'account', 'An address was changed', true, false, null),
('auth.phone_changed', 'account', 'A number was changed', true, false, null),
('auth.new_sign_in', 'account', 'Somebody signed in from somewhere new', true, false, null),
('auth.factor_added', 'account', 'A second factor was added', true, false, null),
('auth.factor_removed', 'account', 'A second factor was removed', true, false, null),
('auth.recovery_codes_made', 'account', 'Recovery codes were created', true, false, null),
('auth.recovery_code_used', 'account', 'A recovery code was used', true, false, null),
('auth.identity_linked', 'account', 'Another way to sign in was added', true, false, null),
('waitlist.offered', 'waitlist', 'A time became free for a waitlist entry', true, false, 'held'),
('offer.made', 'offer', 'A business sends an offer', false, true, null)
on conflict (name) do update
set
    description = excluded.description,
    is_mandatory = excluded.is_mandatory,
    is_marketing = excluded.is_marketing,
    while_status = excluded.while_status;

insert into engagement.reminder_kinds (event, before)
values
('reminder.day', '24 hours'),
('reminder.hour', '1 hour')
on conflict (event) do nothing;

insert into engagement.notices (event, audience, channels)
values
('booking.requested', 'customer', '{mail,in_app}'),
('booking.requested', 'business', '{mail,push,in_app}'),
('booking.confirmed', 'customer', '{mail,push,in_app}'),
('booking.confirmed', 'business', '{mail,in_app}'),
('booking.confirmed', 'staff', '{push,in_app}'),
('booking.rejected', 'customer', '{mail,push,in_app}'),
('booking.cancelled', 'customer', '{mail,push,in_app}'),
('booking.cancelled', 'business', '{mail,in_app}'),
('booking.cancelled', 'staff', '{push,in_app}'),
('booking.item_cancelled', 'customer', '{mail,in_app}'),
('booking.item_cancelled', 'business', '{mail,in_app}'),
('booking.item_cancelled', 'staff', '{push,in_app}'),
('booking.moved', 'customer', '{mail,push,in_app}'),
('booking.moved', 'business', '{mail,in_app}'),
('booking.moved', 'staff', '{push,in_app}'),
('booking.reassigned', 'customer', '{mail,in_app}'),
('booking.reassigned', 'staff', '{push,in_app}'),
('booking.expired', 'customer', '{mail,in_app}'),
('booking.arrived', 'customer', '{sms,push}'),
('booking.no_show', 'customer', '{mail,in_app}'),
('booking.completed', 'customer', '{mail,in_app}'),
('reminder.day', 'customer', '{mail,push}'),
('reminder.hour', 'customer', '{sms,push}'),
('reminder.hour', 'staff', '{push}'),
('waitlist.offered', 'customer', '{mail,push,in_app}'),
('offer.made', 'customer', '{mail,in_app}'),
('auth.signup', 'customer', '{mail}'),
('auth.invite', 'customer', '{mail}'),
('auth.magiclink', 'customer', '{mail}'),
('auth.recovery', 'customer', '{mail}'),
('auth.email_change', 'customer', '{mail}'),
('auth.reauthentication', 'customer', '{mail,sms}'),
('auth.guest_booking', 'customer', '{mail}'),
('auth.sms', 'customer', '{sms}'),
('auth.phone_change', 'customer', '{sms}'),
('auth.password_changed', 'customer', '{mail}'),
('auth.email_changed', 'customer', '{mail}'),
('auth.phone_changed', 'customer', '{mail}'),
('auth.new_sign_in', 'customer', '{mail}'),
('auth.factor_added', 'customer', '{mail}'),
('auth.factor_removed', 'customer', '{mail}'),
('auth.recovery_codes_made', 'customer', '{mail}'),
('auth.recovery_code_used', 'customer', '{mail}'),
('auth.identity_linked', 'customer', '{mail}')
on conflict (event, audience) do nothing;

-- The platform's words. channel null: for every channel without words of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'booking.requested', 'customer', null, 'en', 'Your request at {{business_name}}',
    '{{service_names}}, {{starts_at}}: {{business_name}} will answer soon.'
),
(
    'booking.requested', 'customer', null, 'de', 'Ihre Anfrage bei {{business_name}}',
    '{{service_names}}, {{starts_at}}: {{business_name}} meldet sich bald.'
),
(
    'booking.requested', 'customer', 'mail', 'en', 'Your request at {{business_name}}',
    e'Hello {{customer_name}},\n\n{{business_name}} has received your request and will answer soon.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.requested', 'customer', 'mail', 'de', 'Ihre Anfrage bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\n{{business_name}} hat Ihre Anfrage erhalten und meldet sich bald.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.requested', 'business', null, 'en', 'A request from {{customer_name}}',
    '{{service_names}}, {{starts_at}}, for {{party_size}}. Please confirm or reject it. {{reference}}'
),
(
    'booking.requested', 'business', null, 'de', 'Eine Anfrage von {{customer_name}}',
    '{{service_names}}, {{starts_at}}, für {{party_size}}. Bitte bestätigen oder ablehnen. {{reference}}'
),
(
    'booking.confirmed', 'customer', null, 'en', 'Booked: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'customer', null, 'de', 'Gebucht: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'customer', 'mail', 'en', 'Your booking at {{business_name}}',
    e'Hello {{customer_name}},\n\nyour booking is confirmed.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.confirmed', 'customer', 'mail', 'de', 'Ihre Buchung bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nIhre Buchung ist bestätigt.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.confirmed', 'business', null, 'en', '{{customer_name}} has booked',
    '{{service_names}}, {{starts_at}}, with {{staff_names}}. {{reference}}'
),
(
    'booking.confirmed', 'business', null, 'de', '{{customer_name}} hat gebucht',
    '{{service_names}}, {{starts_at}}, bei {{staff_names}}. {{reference}}'
),
(
    'booking.confirmed', 'staff', null, 'en', 'New: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'staff', null, 'de', 'Neu: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.rejected', 'customer', null, 'en', '{{business_name}} cannot accept your request',
    '{{service_names}}, {{starts_at}}. {{reason}}'
),
(
    'booking.rejected', 'customer', null, 'de', '{{business_name}} kann Ihre Anfrage nicht annehmen',
    '{{service_names}}, {{starts_at}}. {{reason}}'
),
(
    'booking.rejected', 'customer', 'mail', 'en', '{{business_name}} cannot accept your request',
    e'Hello {{customer_name}},\n\n{{business_name}} cannot accept your request for {{service_names}}, {{starts_at}}.\nReason: {{reason}}\n\nPlease choose another time.'
),
(
    'booking.rejected', 'customer', 'mail', 'de', '{{business_name}} kann Ihre Anfrage nicht annehmen',
    e'Guten Tag {{customer_name}},\n\n{{business_name}} kann Ihre Anfrage für {{service_names}}, {{starts_at}}, nicht annehmen.\nGrund: {{reason}}\n\nBitte wählen Sie eine andere Zeit.'
),
(
    'booking.cancelled', 'customer', null, 'en', 'Cancelled: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reason}}'
),
(
    'booking.cancelled', 'customer', null, 'de', 'Abgesagt: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reason}}'
),
(
    'booking.cancelled', 'customer', 'mail', 'en', 'Cancelled: your booking at {{business_name}}',
    e'Hello {{customer_name}},\n\nyour booking has been cancelled.\nReason: {{reason}}\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nFee: {{fee}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.cancelled', 'customer', 'mail', 'de', 'Abgesagt: Ihre Buchung bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nIhre Buchung wurde abgesagt.\nGrund: {{reason}}\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nGebühr: {{fee}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.cancelled', 'business', null, 'en', 'Cancelled: {{customer_name}}',
    e'{{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.cancelled', 'business', null, 'de', 'Abgesagt: {{customer_name}}',
    e'{{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.cancelled', 'staff', null, 'en', 'Cancelled: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.cancelled', 'staff', null, 'de', 'Abgesagt: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.item_cancelled', 'customer', null, 'en', 'Cancelled: {{cancelled_service}}',
    e'{{business_name}}. Still booked: {{service_names}}, {{starts_at}}.\nReason: {{reason}}\nFee: {{fee}}'
),
(
    'booking.item_cancelled', 'customer', null, 'de', 'Abgesagt: {{cancelled_service}}',
    e'{{business_name}}. Weiterhin gebucht: {{service_names}}, {{starts_at}}.\nGrund: {{reason}}\nGebühr: {{fee}}'
),
(
    'booking.item_cancelled', 'business', null, 'en', 'Cancelled: {{cancelled_service}} for {{customer_name}}',
    e'Still booked: {{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.item_cancelled', 'business', null, 'de', 'Abgesagt: {{cancelled_service}} von {{customer_name}}',
    e'Weiterhin gebucht: {{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.item_cancelled', 'staff', null, 'en', 'Cancelled: {{cancelled_service}}',
    '{{customer_name}}. Still booked: {{service_names}}, {{starts_at}}. {{reference}}'
),
(
    'booking.item_cancelled', 'staff', null, 'de', 'Abgesagt: {{cancelled_service}}',
    '{{customer_name}}. Weiterhin gebucht: {{service_names}}, {{starts_at}}. {{reference}}'
),
(
    'booking.moved', 'customer', null, 'en', 'Moved: {{service_names}}',
    '{{business_name}}, now {{starts_at}} instead of {{previous_starts_at}}.'
),
(
    'booking.moved', 'customer', null, 'de', 'Verlegt: {{service_names}}',
    '{{business_name}}, jetzt {{starts_at}} statt {{previous_starts_at}}.'
),
(
    'booking.moved', 'customer', 'mail', 'en', 'Moved: your booking at {{business_name}}',
    e'Hello {{customer_name}},\n\nyour booking has been moved.\nBefore: {{previous_starts_at}}\nReason: {{reason}}\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nFee: {{fee}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.moved', 'customer', 'mail', 'de', 'Verlegt: Ihre Buchung bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nIhre Buchung wurde verlegt.\nVorher: {{previous_starts_at}}\nGrund: {{reason}}\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nGebühr: {{fee}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.moved', 'business', null, 'en', 'Moved: {{customer_name}}',
    '{{service_names}}, now {{starts_at}} instead of {{previous_starts_at}}. {{reference}}'
),
(
    'booking.moved', 'business', null, 'de', 'Verlegt: {{customer_name}}',
    '{{service_names}}, jetzt {{starts_at}} statt {{previous_starts_at}}. {{reference}}'
),
(
    'booking.moved', 'staff', null, 'en', 'Moved: {{service_names}}',
    '{{customer_name}}, now {{starts_at}} instead of {{previous_starts_at}}.'
),
(
    'booking.moved', 'staff', null, 'de', 'Verlegt: {{service_names}}',
    '{{customer_name}}, jetzt {{starts_at}} statt {{previous_starts_at}}.'
),
(
    'booking.reassigned', 'customer', null, 'en', '{{staff_names}} will see you',
    '{{service_names}} at {{business_name}}, {{starts_at}}: with {{staff_names}}.'
),
(
    'booking.reassigned', 'customer', null, 'de', '{{staff_names}} ist für Sie da',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: bei {{staff_names}}.'
),
(
    'booking.reassigned', 'staff', null, 'en', 'Now with {{staff_names}}: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.reassigned', 'staff', null, 'de', 'Jetzt bei {{staff_names}}: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.expired', 'customer', null, 'en', 'Your request has expired',
    '{{service_names}} at {{business_name}}, {{starts_at}}: nobody confirmed it in time. Please choose another time.'
),
(
    'booking.expired', 'customer', null, 'de', 'Ihre Anfrage ist verfallen',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: Niemand hat sie rechtzeitig bestätigt. Bitte wählen Sie eine andere Zeit.'
),
(
    'booking.arrived', 'customer', null, 'en', '{{business_name}} has arrived',
    '{{staff_names}} from {{business_name}} has arrived.'
),
(
    'booking.arrived', 'customer', null, 'de', '{{business_name}} ist da',
    '{{staff_names}} von {{business_name}} ist angekommen.'
),
(
    'booking.no_show', 'customer', null, 'en', 'We missed you',
    e'You did not come to {{service_names}} at {{business_name}}, {{starts_at}}. If that is a mistake, please call: {{business_phone}}\nFee: {{fee}}'
),
(
    'booking.no_show', 'customer', null, 'de', 'Wir haben Sie vermisst',
    e'Sie sind zu {{service_names}} bei {{business_name}}, {{starts_at}}, nicht gekommen. Wenn das ein Irrtum ist, rufen Sie bitte an: {{business_phone}}\nGebühr: {{fee}}'
),
(
    'booking.completed', 'customer', null, 'en', 'How was {{business_name}}?',
    'Thank you for your visit. Tell others how {{service_names}} was.'
),
(
    'booking.completed', 'customer', null, 'de', 'Wie war {{business_name}}?',
    'Danke für Ihren Besuch. Sagen Sie anderen, wie {{service_names}} war.'
),
(
    'reminder.day', 'customer', null, 'en', 'Tomorrow: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.day', 'customer', null, 'de', 'Morgen: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.day', 'customer', 'mail', 'en', 'Tomorrow at {{business_name}}',
    e'Hello {{customer_name}},\n\nwe look forward to seeing you.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'reminder.day', 'customer', 'mail', 'de', 'Morgen bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nwir freuen uns auf Sie.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'reminder.hour', 'customer', null, 'en', 'In an hour: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.hour', 'customer', null, 'de', 'In einer Stunde: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.hour', 'staff', null, 'en', 'In an hour: {{service_names}}',
    '{{customer_name}}, {{starts_at}}.'
),
(
    'reminder.hour', 'staff', null, 'de', 'In einer Stunde: {{service_names}}',
    '{{customer_name}}, {{starts_at}}.'
),
(
    'waitlist.offered', 'customer', null, 'en', '{{service_names}} is free on {{starts_at}}',
    E'Hello {{customer_name}},\n\na time that you are waiting for is free: {{service_names}} with {{staff_names}} at {{business_name}} on {{starts_at}}.\nIt is held for you until {{expires_at}}; after that it is offered to the next person.'
),
(
    'waitlist.offered', 'customer', null, 'de', '{{service_names}} ist am {{starts_at}} frei',
    E'Guten Tag {{customer_name}},\n\nein Termin, auf den Sie warten, ist frei geworden: {{service_names}} mit {{staff_names}} bei {{business_name}} am {{starts_at}}.\nDer Termin ist bis {{expires_at}} für Sie reserviert; danach wird er der nächsten Person angeboten.'
),
(
    'offer.made', 'customer', null, 'en', '{{business_name}}: {{title}}',
    '{{body}}'
),
(
    'offer.made', 'customer', null, 'de', '{{business_name}}: {{title}}',
    '{{body}}'
),
(
    'auth.signup', 'customer', null, 'en', 'Confirm your address',
    e'Confirm your address.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.signup', 'customer', null, 'de', 'Bestätigen Sie Ihre Adresse',
    e'Bestätigen Sie Ihre Adresse.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht ignorieren.'
),
(
    'auth.invite', 'customer', null, 'en', 'You are invited',
    e'You are invited.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.invite', 'customer', null, 'de', 'Sie sind eingeladen',
    e'Sie sind eingeladen.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht ignorieren.'
),
(
    'auth.magiclink', 'customer', null, 'en', 'Sign in',
    e'Sign in to your account.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.magiclink', 'customer', null, 'de', 'Ihre Anmeldung',
    e'Ihre Anmeldung.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht ignorieren.'
),
(
    'auth.recovery', 'customer', null, 'en', 'Choose a new password',
    e'Choose a new password.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.recovery', 'customer', null, 'de', 'Wählen Sie ein neues Passwort',
    e'Wählen Sie ein neues Passwort.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht ignorieren.'
),
(
    'auth.email_change', 'customer', null, 'en', 'Confirm your new address',
    e'Confirm your new address.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.email_change', 'customer', null, 'de', 'Bestätigen Sie Ihre neue Adresse',
    e'Bestätigen Sie Ihre neue Adresse.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht ignorieren.'
),
(
    'auth.reauthentication', 'customer', null, 'en', 'Your code',
    e'{{code}}\nValid for {{minutes}} minutes. We will never ask you for it.'
),
(
    'auth.reauthentication', 'customer', null, 'de', 'Ihr Code',
    e'{{code}}\nGültig für {{minutes}} Minuten. Wir werden Sie nie danach fragen.'
),
(
    'auth.guest_booking', 'customer', null, 'en', '{{code}}: your booking at {{business_name}}',
    e'{{code}}\nValid for {{minutes}} minutes. Anybody with this code can confirm, move or cancel the booking.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nReference: {{reference}}\n\nIf this was not you, you do not need to do anything. Without the code the time will soon be free again.'
),
(
    'auth.guest_booking', 'customer', null, 'de', '{{code}}: Ihre Buchung bei {{business_name}}',
    e'{{code}}\nGültig für {{minutes}} Minuten. Wer diesen Code hat, kann die Buchung bestätigen, verlegen oder absagen.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBuchungsnummer: {{reference}}\n\nWenn Sie das nicht waren, brauchen Sie nichts zu tun: ohne den Code ist die Zeit bald wieder frei.'
),
(
    'auth.sms', 'customer', null, 'en', 'Your code',
    e'{{code}}\nValid for {{minutes}} minutes. We will never ask you for it.'
),
(
    'auth.sms', 'customer', null, 'de', 'Ihr Code',
    e'{{code}}\nGültig für {{minutes}} Minuten. Wir werden Sie nie danach fragen.'
),
(
    'auth.phone_change', 'customer', null, 'en', 'Your code',
    e'{{code}}\nValid for {{minutes}} minutes. We will never ask you for it.'
),
(
    'auth.phone_change', 'customer', null, 'de', 'Ihr Code',
    e'{{code}}\nGültig für {{minutes}} Minuten. Wir werden Sie nie danach fragen.'
),
(
    'auth.password_changed', 'customer', null, 'en', 'Your password was changed',
    e'Your password was changed.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.password_changed', 'customer', null, 'de', 'Ihr Passwort wurde geändert',
    e'Ihr Passwort wurde geändert.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.email_changed', 'customer', null, 'en', 'Your e-mail address was changed',
    e'Your e-mail address was changed.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.email_changed', 'customer', null, 'de', 'Ihre E-Mail-Adresse wurde geändert',
    e'Ihre E-Mail-Adresse wurde geändert.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.phone_changed', 'customer', null, 'en', 'Your phone number was changed',
    e'Your phone number was changed.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.phone_changed', 'customer', null, 'de', 'Ihre Telefonnummer wurde geändert',
    e'Ihre Telefonnummer wurde geändert.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.new_sign_in', 'customer', null, 'en', 'A new sign-in to your account',
    e'A new sign-in to your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.new_sign_in', 'customer', null, 'de', 'Eine neue Anmeldung bei Ihrem Konto',
    e'Eine neue Anmeldung bei Ihrem Konto.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.factor_added', 'customer', null, 'en', 'A second factor was added to your account',
    e'A second factor was added to your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.factor_added', 'customer', null, 'de', 'Ihrem Konto wurde ein zweiter Faktor hinzugefügt',
    e'Ihrem Konto wurde ein zweiter Faktor hinzugefügt.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.factor_removed', 'customer', null, 'en', 'A second factor was removed from your account',
    e'A second factor was removed from your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.factor_removed', 'customer', null, 'de', 'Aus Ihrem Konto wurde ein zweiter Faktor entfernt',
    e'Aus Ihrem Konto wurde ein zweiter Faktor entfernt.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.recovery_codes_made', 'customer', null, 'en', 'Recovery codes were created for your account',
    e'Recovery codes were created for your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.recovery_codes_made', 'customer', null, 'de', 'Für Ihr Konto wurden Wiederherstellungscodes erstellt',
    e'Für Ihr Konto wurden Wiederherstellungscodes erstellt.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.recovery_code_used', 'customer', null, 'en', 'A recovery code for your account was used',
    e'A recovery code for your account was used.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.recovery_code_used', 'customer', null, 'de', 'Ein Wiederherstellungscode Ihres Kontos wurde benutzt',
    e'Ein Wiederherstellungscode Ihres Kontos wurde benutzt.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.identity_linked', 'customer', null, 'en', 'Another way to sign in was added to your account',
    e'Another way to sign in was added to your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.identity_linked', 'customer', null, 'de', 'Eine weitere Anmeldemöglichkeit für Ihr Konto',
    e'Eine weitere Anmeldemöglichkeit für Ihr Konto.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
