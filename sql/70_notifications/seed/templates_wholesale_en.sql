-- The platform's texts about wholesale accounts, in English. channel null: for every channel that
-- has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'wholesale.requested', 'customer', null, 'en',
    'Your request for wholesale at {{business_name}}',
    'Hello {{reader_name}},

{{business_name}} received the request of {{company_name}} ({{tax_number}}) for a wholesale account, and will decide about it.'
),
(
    'wholesale.requested', 'business', null, 'en',
    '{{company_name}} asks for wholesale',
    'Hello {{reader_name}},

{{company_name}} ({{tax_number}}) asks {{business_name}} for a wholesale account. Please decide about it.'
),
(
    'wholesale.approved', 'customer', null, 'en',
    '{{business_name}} approved your wholesale account',
    'Hello {{reader_name}},

{{company_name}} now buys at wholesale prices from {{business_name}}.'
),
(
    'wholesale.approved', 'business', null, 'en',
    '{{company_name}} is approved for wholesale',
    'Hello {{reader_name}},

{{company_name}} now buys at wholesale prices from {{business_name}}.'
),
(
    'wholesale.rejected', 'customer', null, 'en',
    '{{business_name}} rejected your request for wholesale',
    'Hello {{reader_name}},

{{business_name}} rejected the request of {{company_name}}.
Reason: {{reason}}
You can correct the request and send it again.'
),
(
    'wholesale.rejected', 'business', null, 'en',
    'The request of {{company_name}} is rejected',
    'Hello {{reader_name}},

{{business_name}} rejected the request of {{company_name}}.
Reason: {{reason}}'
),
(
    'wholesale.suspended', 'customer', null, 'en',
    '{{business_name}} suspended your wholesale account',
    'Hello {{reader_name}},

{{company_name}} no longer buys at wholesale prices from {{business_name}}.
Reason: {{reason}}'
),
(
    'wholesale.suspended', 'business', null, 'en',
    '{{company_name}} is suspended from wholesale',
    'Hello {{reader_name}},

{{company_name}} no longer buys at wholesale prices from {{business_name}}.
Reason: {{reason}}'
),
(
    'wholesale.overdue', 'customer', null, 'en',
    'Order {{order_reference}} is due',
    'Hello {{reader_name}},

{{amount}} of the order {{order_reference}} of {{company_name}} with {{business_name}} was due on {{due_at}}. Please pay it.'
),
(
    'wholesale.overdue', 'business', null, 'en',
    '{{company_name}} has not paid order {{order_reference}}',
    'Hello {{reader_name}},

{{amount}} of the order {{order_reference}} of {{company_name}} was due on {{due_at}}.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
