-- The platform's texts about things that wait for a decision. channel null: for every channel that
-- has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'product_change.pending', 'platform', null, 'en',
    '{{business_name}} wants to change {{product_name}}',
    '{{business_name}} proposes a change of {{product_name}}. It waits for your decision.
{{note}}'
),
(
    'product_change.pending', 'platform', null, 'de',
    '{{business_name}} möchte {{product_name}} ändern',
    '{{business_name}} schlägt eine Änderung an {{product_name}} vor, die auf Ihre Antwort wartet.
{{note}}'
),
(
    'product_change.approved', 'business', null, 'en',
    'Your change of {{product_name}} is approved',
    'The change of {{product_name}} is approved, and everybody sees it now.'
),
(
    'product_change.approved', 'business', null, 'de',
    'Ihre Änderung an {{product_name}} ist genehmigt',
    'Die Änderung an {{product_name}} ist genehmigt und jetzt für alle sichtbar.'
),
(
    'product_change.rejected', 'business', null, 'en',
    'Your change of {{product_name}} is rejected',
    'The change of {{product_name}} is rejected.
{{reason}}'
),
(
    'product_change.rejected', 'business', null, 'de',
    'Ihre Änderung an {{product_name}} ist abgelehnt',
    'Die Änderung an {{product_name}} ist abgelehnt.
{{reason}}'
),
(
    'order_request.requested', 'customer', null, 'en',
    '{{buyer_name}} asks to order at {{business_name}}',
    'Hello {{reader_name}},

{{buyer_name}} of {{company_name}} asks to order for {{total}} at {{business_name}}. Approve or reject it.
{{note}}'
),
(
    'order_request.requested', 'customer', null, 'de',
    '{{buyer_name}} möchte bei {{business_name}} bestellen',
    'Guten Tag {{reader_name}},

{{buyer_name}} von {{company_name}} möchte für {{total}} bei {{business_name}} bestellen. Bitte genehmigen Sie es oder lehnen Sie es ab.
{{note}}'
),
(
    'order_request.approved', 'customer', null, 'en',
    'Your request at {{business_name}} is approved',
    'Hello {{reader_name}},

what you asked for at {{business_name}} is ordered for {{company_name}}.'
),
(
    'order_request.approved', 'customer', null, 'de',
    'Ihre Anfrage bei {{business_name}} ist genehmigt',
    'Guten Tag {{reader_name}},

was Sie bei {{business_name}} angefragt haben, ist für {{company_name}} bestellt.'
),
(
    'order_request.rejected', 'customer', null, 'en',
    'Your request at {{business_name}} is rejected',
    'Hello {{reader_name}},

what you asked for at {{business_name}} is not ordered for {{company_name}}.
{{reason}}'
),
(
    'order_request.rejected', 'customer', null, 'de',
    'Ihre Anfrage bei {{business_name}} ist abgelehnt',
    'Guten Tag {{reader_name}},

was Sie bei {{business_name}} angefragt haben, wird für {{company_name}} nicht bestellt.
{{reason}}'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
