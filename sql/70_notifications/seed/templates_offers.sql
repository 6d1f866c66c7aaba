-- The platform's texts about the waitlist and about offers. channel null: for every channel that
-- has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'waitlist.offered', 'customer', null, 'en', '{{service_names}} is free on {{starts_at}}',
    'Hello {{customer_name}},

a time that you are waiting for is free: {{service_names}} with {{staff_names}} at '
    '{{business_name}} on {{starts_at}}.
It is held for you until {{expires_at}}; after that it is offered to the next person.'
),
(
    'waitlist.offered', 'customer', null, 'de', '{{service_names}} ist am {{starts_at}} frei',
    'Guten Tag {{customer_name}},

ein Termin, auf den Sie warten, ist frei geworden: {{service_names}} mit {{staff_names}} bei '
    '{{business_name}} am {{starts_at}}.
Der Termin ist bis {{expires_at}} für Sie reserviert; danach wird er der nächsten Person '
    'angeboten.'
),
(
    'offer.made', 'customer', null, 'en', '{{business_name}}: {{title}}',
    '{{body}}'
),
(
    'offer.made', 'customer', null, 'de', '{{business_name}}: {{title}}',
    '{{body}}'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
