-- The platform's texts about wholesale accounts, in German. channel null: for every channel that
-- has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'wholesale.requested', 'customer', null, 'de',
    'Ihre Großhandelsanfrage bei {{business_name}}',
    'Guten Tag {{reader_name}},

{{business_name}} hat die Anfrage von {{company_name}} ({{tax_number}}) nach einem Großhandelskonto erhalten und entscheidet darüber.'
),
(
    'wholesale.requested', 'business', null, 'de',
    '{{company_name}} möchte im Großhandel kaufen',
    'Guten Tag {{reader_name}},

{{company_name}} ({{tax_number}}) bittet {{business_name}} um ein Großhandelskonto. Bitte entscheiden Sie darüber.'
),
(
    'wholesale.approved', 'customer', null, 'de',
    '{{business_name}} hat Ihr Großhandelskonto freigegeben',
    'Guten Tag {{reader_name}},

{{company_name}} kauft ab jetzt zu Großhandelspreisen bei {{business_name}}.'
),
(
    'wholesale.approved', 'business', null, 'de',
    '{{company_name}} ist für den Großhandel freigegeben',
    'Guten Tag {{reader_name}},

{{company_name}} kauft ab jetzt zu Großhandelspreisen bei {{business_name}}.'
),
(
    'wholesale.rejected', 'customer', null, 'de',
    '{{business_name}} hat Ihre Großhandelsanfrage abgelehnt',
    'Guten Tag {{reader_name}},

{{business_name}} hat die Anfrage von {{company_name}} abgelehnt.
Grund: {{reason}}
Sie können die Anfrage berichtigen und noch einmal senden.'
),
(
    'wholesale.rejected', 'business', null, 'de',
    'Die Anfrage von {{company_name}} ist abgelehnt',
    'Guten Tag {{reader_name}},

{{business_name}} hat die Anfrage von {{company_name}} abgelehnt.
Grund: {{reason}}'
),
(
    'wholesale.suspended', 'customer', null, 'de',
    '{{business_name}} hat Ihr Großhandelskonto gesperrt',
    'Guten Tag {{reader_name}},

{{company_name}} kauft nicht mehr zu Großhandelspreisen bei {{business_name}}.
Grund: {{reason}}'
),
(
    'wholesale.suspended', 'business', null, 'de',
    '{{company_name}} ist für den Großhandel gesperrt',
    'Guten Tag {{reader_name}},

{{company_name}} kauft nicht mehr zu Großhandelspreisen bei {{business_name}}.
Grund: {{reason}}'
),
(
    'wholesale.overdue', 'customer', null, 'de',
    'Bestellung {{order_reference}} ist fällig',
    'Guten Tag {{reader_name}},

{{amount}} der Bestellung {{order_reference}} von {{company_name}} bei {{business_name}} waren am {{due_at}} fällig. Bitte bezahlen Sie sie.'
),
(
    'wholesale.overdue', 'business', null, 'de',
    '{{company_name}} hat Bestellung {{order_reference}} nicht bezahlt',
    'Guten Tag {{reader_name}},

{{amount}} der Bestellung {{order_reference}} von {{company_name}} waren am {{due_at}} fällig.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
