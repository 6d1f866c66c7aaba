-- The platform's texts about messages. channel null: for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'message.sent', 'customer', null, 'en', 'A message from {{business_name}}',
    'Hello {{customer_name}},

{{business_name}} has written to you:

{{body}}'
),
(
    'message.sent', 'customer', null, 'de', 'Eine Nachricht von {{business_name}}',
    'Guten Tag {{customer_name}},

{{business_name}} hat Ihnen geschrieben:

{{body}}'
),
(
    'message.sent', 'business', null, 'en', 'A message from {{customer_name}}',
    '{{customer_name}} has written to {{business_name}}:

{{body}}'
),
(
    'message.sent', 'business', null, 'de', 'Eine Nachricht von {{customer_name}}',
    '{{customer_name}} hat {{business_name}} geschrieben:

{{body}}'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
