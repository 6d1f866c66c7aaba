-- The platform's texts about points. channel null: for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'points.expiring', 'customer', null, 'en',
    '{{points}} points at {{business_name}} expire on {{expires_at}}',
    'Hello {{customer_name}},

you have {{points}} points of {{program_name}} at {{business_name}} that expire on {{expires_at}}.
You can redeem them with your next booking or order.'
),
(
    'points.expiring', 'customer', null, 'de',
    '{{points}} Punkte bei {{business_name}} verfallen am {{expires_at}}',
    'Guten Tag {{customer_name}},

Sie haben bei {{business_name}} {{points}} Punkte ({{program_name}}), die am {{expires_at}} verfallen.
Sie können sie bei Ihrer nächsten Buchung oder Bestellung einlösen.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
