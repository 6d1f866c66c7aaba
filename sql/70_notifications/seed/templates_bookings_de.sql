-- The platform's German texts about bookings. channel null:
-- for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'booking.requested', 'customer', null, 'de', 'Ihre Anfrage bei {{business_name}}',
    '{{service_names}}, {{starts_at}}: {{business_name}} meldet sich bald.'
),
(
    'booking.requested', 'customer', 'mail', 'de', 'Ihre Anfrage bei {{business_name}}',
    'Guten Tag {{customer_name}},

{{business_name}} hat Ihre Anfrage erhalten und meldet sich bald.

Was: {{service_names}}
Wann: {{starts_at}}
Bei: {{staff_names}}
Wo: {{address}}
Preis: {{total}}
Buchungsnummer: {{reference}}
Telefon: {{business_phone}}'
),
(
    'booking.requested', 'business', null, 'de', 'Eine Anfrage von {{customer_name}}',
    '{{service_names}}, {{starts_at}}, für {{party_size}}. Bitte bestätigen oder ablehnen. '
    '{{reference}}'
),
(
    'booking.confirmed', 'customer', null, 'de', 'Gebucht: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'customer', 'mail', 'de', 'Ihre Buchung bei {{business_name}}',
    'Guten Tag {{customer_name}},

Ihre Buchung ist bestätigt.

Was: {{service_names}}
Wann: {{starts_at}}
Bei: {{staff_names}}
Wo: {{address}}
Preis: {{total}}
Buchungsnummer: {{reference}}
Telefon: {{business_phone}}'
),
(
    'booking.confirmed', 'business', null, 'de', '{{customer_name}} hat gebucht',
    '{{service_names}}, {{starts_at}}, bei {{staff_names}}. {{reference}}'
),
(
    'booking.confirmed', 'staff', null, 'de', 'Neu: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.rejected', 'customer', null, 'de',
    '{{business_name}} kann Ihre Anfrage nicht annehmen',
    '{{service_names}}, {{starts_at}}. {{reason}}'
),
(
    'booking.rejected', 'customer', 'mail', 'de',
    '{{business_name}} kann Ihre Anfrage nicht annehmen',
    'Guten Tag {{customer_name}},

{{business_name}} kann Ihre Anfrage für {{service_names}}, {{starts_at}}, nicht annehmen.
Grund: {{reason}}

Bitte wählen Sie eine andere Zeit.'
),
(
    'booking.cancelled', 'customer', null, 'de', 'Abgesagt: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reason}}'
),
(
    'booking.cancelled', 'customer', 'mail', 'de', 'Abgesagt: Ihre Buchung bei {{business_name}}',
    'Guten Tag {{customer_name}},

Ihre Buchung wurde abgesagt.
Grund: {{reason}}

Was: {{service_names}}
Wann: {{starts_at}}
Bei: {{staff_names}}
Wo: {{address}}
Preis: {{total}}
Gebühr: {{fee}}
Buchungsnummer: {{reference}}
Telefon: {{business_phone}}'
),
(
    'booking.cancelled', 'business', null, 'de', 'Abgesagt: {{customer_name}}',
    '{{service_names}}, {{starts_at}}. {{reference}}
{{reason}}'
),
(
    'booking.cancelled', 'staff', null, 'de', 'Abgesagt: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.item_cancelled', 'customer', null, 'de', 'Abgesagt: {{cancelled_service}}',
    '{{business_name}}. Weiterhin gebucht: {{service_names}}, {{starts_at}}.
Grund: {{reason}}
Gebühr: {{fee}}'
),
(
    'booking.item_cancelled', 'business', null, 'de',
    'Abgesagt: {{cancelled_service}} von {{customer_name}}',
    'Weiterhin gebucht: {{service_names}}, {{starts_at}}. {{reference}}
{{reason}}'
),
(
    'booking.item_cancelled', 'staff', null, 'de', 'Abgesagt: {{cancelled_service}}',
    '{{customer_name}}. Weiterhin gebucht: {{service_names}}, {{starts_at}}. {{reference}}'
),
(
    'booking.moved', 'customer', null, 'de', 'Verlegt: {{service_names}}',
    '{{business_name}}, jetzt {{starts_at}} statt {{previous_starts_at}}.'
),
(
    'booking.moved', 'customer', 'mail', 'de', 'Verlegt: Ihre Buchung bei {{business_name}}',
    'Guten Tag {{customer_name}},

Ihre Buchung wurde verlegt.
Vorher: {{previous_starts_at}}
Grund: {{reason}}

Was: {{service_names}}
Wann: {{starts_at}}
Bei: {{staff_names}}
Wo: {{address}}
Preis: {{total}}
Gebühr: {{fee}}
Buchungsnummer: {{reference}}
Telefon: {{business_phone}}'
),
(
    'booking.moved', 'business', null, 'de', 'Verlegt: {{customer_name}}',
    '{{service_names}}, jetzt {{starts_at}} statt {{previous_starts_at}}. {{reference}}'
),
(
    'booking.moved', 'staff', null, 'de', 'Verlegt: {{service_names}}',
    '{{customer_name}}, jetzt {{starts_at}} statt {{previous_starts_at}}.'
),
(
    'booking.reassigned', 'customer', null, 'de', '{{staff_names}} ist für Sie da',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: bei {{staff_names}}.'
),
(
    'booking.reassigned', 'staff', null, 'de', 'Jetzt bei {{staff_names}}: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.expired', 'customer', null, 'de', 'Ihre Anfrage ist verfallen',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: Niemand hat sie rechtzeitig '
    'bestätigt. Bitte wählen Sie eine andere Zeit.'
),
(
    'booking.paid_too_late', 'customer', null, 'de', 'Ihre Zahlung kam zu spät',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: Die Zeit war vergeben, bevor Ihre '
    'Zahlung kam. Sie erhalten Ihr Geld zurück. Bitte wählen Sie eine andere Zeit.'
),
(
    'booking.arrived', 'customer', null, 'de', '{{business_name}} ist da',
    '{{staff_names}} von {{business_name}} ist angekommen.'
),
(
    'booking.no_show', 'customer', null, 'de', 'Wir haben Sie vermisst',
    'Sie sind zu {{service_names}} bei {{business_name}}, {{starts_at}}, nicht gekommen. Wenn das '
    'ein Irrtum ist, rufen Sie bitte an: {{business_phone}}
Gebühr: {{fee}}'
),
(
    'booking.completed', 'customer', null, 'de', 'Wie war {{business_name}}?',
    'Danke für Ihren Besuch. Sagen Sie anderen, wie {{service_names}} war.'
),
(
    'reminder.day', 'customer', null, 'de', 'Morgen: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.day', 'customer', 'mail', 'de', 'Morgen bei {{business_name}}',
    'Guten Tag {{customer_name}},

wir freuen uns auf Sie.

Was: {{service_names}}
Wann: {{starts_at}}
Bei: {{staff_names}}
Wo: {{address}}
Preis: {{total}}
Buchungsnummer: {{reference}}
Telefon: {{business_phone}}'
),
(
    'reminder.hour', 'customer', null, 'de', 'In einer Stunde: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.hour', 'staff', null, 'de', 'In einer Stunde: {{service_names}}',
    '{{customer_name}}, {{starts_at}}.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
