-- The platform's texts about orders, in German. channel null: for every channel that has no text
-- of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'order.placed', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} bei {{business_name}}',
    'Guten Tag {{customer_name}},

vielen Dank für Ihre Bestellung {{reference}} bei {{business_name}}: {{item_names}}.
Summe: {{total}}.'
),
(
    'order.placed', 'business', null, 'de',
    'Neue Bestellung {{reference}}',
    '{{customer_name}} hat {{item_names}} für {{total}} bestellt.'
),
(
    'order.paid', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} ist bezahlt',
    'Guten Tag {{customer_name}},

{{business_name}} hat Ihre Zahlung für die Bestellung {{reference}} erhalten: {{item_names}}.'
),
(
    'order.paid', 'business', null, 'de',
    'Bestellung {{reference}} ist bezahlt',
    '{{customer_name}} hat {{item_names}} bezahlt.'
),
(
    'order.part_shipped', 'customer', null, 'de',
    'Ein Teil Ihrer Bestellung {{reference}} ist unterwegs',
    'Guten Tag {{customer_name}},

{{business_name}} hat einen Teil Ihrer Bestellung {{reference}} versandt.
{{tracking}}'
),
(
    'order.shipped', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} ist unterwegs',
    'Guten Tag {{customer_name}},

{{business_name}} hat Ihre Bestellung {{reference}} versandt: {{item_names}}.
{{tracking}}'
),
(
    'order.delivered', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} ist angekommen',
    'Guten Tag {{customer_name}},

Ihre Bestellung {{reference}} von {{business_name}} ist angekommen: {{item_names}}.'
),
(
    'order.cancelled', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} ist storniert',
    'Guten Tag {{customer_name}},

Ihre Bestellung {{reference}} bei {{business_name}} ist storniert. Was Sie bezahlt haben, wird erstattet.
{{reason}}'
),
(
    'order.cancelled', 'business', null, 'de',
    'Bestellung {{reference}} ist storniert',
    'Die Bestellung von {{customer_name}} ist storniert: {{item_names}}.
{{reason}}'
),
(
    'order.lines_cancelled', 'customer', null, 'de',
    'Ein Teil Ihrer Bestellung {{reference}} ist storniert',
    'Guten Tag {{customer_name}},

ein Teil Ihrer Bestellung {{reference}} bei {{business_name}} ist storniert. Was Sie dafür bezahlt haben, wird erstattet.
{{reason}}'
),
(
    'order.lines_cancelled', 'business', null, 'de',
    'Ein Teil der Bestellung {{reference}} ist storniert',
    'Ein Teil der Bestellung von {{customer_name}} ist storniert.
{{reason}}'
),
(
    'order.changed', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} wurde geändert',
    'Guten Tag {{customer_name}},

Ihre Bestellung {{reference}} bei {{business_name}} ist jetzt: {{item_names}}.
Summe: {{total}}. Noch zu bezahlen: {{open}}.
{{reason}}'
),
(
    'order.changed', 'business', null, 'de',
    'Bestellung {{reference}} wurde geändert',
    'Die Bestellung von {{customer_name}} ist jetzt {{item_names}}.
Summe: {{total}}. Noch zu bezahlen: {{open}}.
{{reason}}'
),
(
    'order.expired', 'customer', null, 'de',
    'Ihre Bestellung {{reference}} ist abgelaufen',
    'Guten Tag {{customer_name}},

Ihre Bestellung {{reference}} bei {{business_name}} wurde nicht rechtzeitig bezahlt und ist abgelaufen. Bitte bestellen Sie neu.'
),
(
    'order.expired', 'business', null, 'de',
    'Bestellung {{reference}} ist abgelaufen',
    '{{customer_name}} hat die Bestellung {{reference}} nicht rechtzeitig bezahlt.

Die Ware ist wieder im Bestand.'
),
(
    'order.paid_too_late', 'customer', null, 'de',
    'Ihre Zahlung für {{reference}} kam zu spät',
    'Guten Tag {{customer_name}},

Ihre Zahlung kam, als die Bestellung {{reference}} bei {{business_name}} schon beendet war. Sie wird erstattet. Bitte bestellen Sie neu.'
),
(
    'order.shipment_lost', 'customer', null, 'de',
    'Eine Sendung Ihrer Bestellung {{reference}} ist verloren',
    'Guten Tag {{customer_name}},

eine Sendung Ihrer Bestellung {{reference}} von {{business_name}} ist verloren gegangen. {{business_name}} ersetzt sie oder erstattet den Preis.'
),
(
    'order.shipment_lost', 'business', null, 'de',
    'Eine Sendung der Bestellung {{reference}} ist verloren',
    'Eine Sendung an {{customer_name}} ist verloren gegangen: {{item_names}}.'
),
(
    'order.return_requested', 'customer', null, 'de',
    'Ihre Rückgabe zur Bestellung {{reference}}',
    'Guten Tag {{customer_name}},

{{business_name}} hat Ihren Wunsch nach einer Rückgabe der Bestellung {{reference}} erhalten und entscheidet darüber.'
),
(
    'order.return_requested', 'business', null, 'de',
    'Rückgabe zur Bestellung {{reference}}',
    '{{customer_name}} möchte aus der Bestellung {{reference}} etwas zurückgeben.
{{reason}}'
),
(
    'order.return_approved', 'customer', null, 'de',
    'Ihre Rückgabe zur Bestellung {{reference}} ist angenommen',
    'Guten Tag {{customer_name}},

{{business_name}} nimmt Ihre Rückgabe der Bestellung {{reference}} an.
{{reason}}'
),
(
    'order.return_rejected', 'customer', null, 'de',
    'Ihre Rückgabe zur Bestellung {{reference}} ist abgelehnt',
    'Guten Tag {{customer_name}},

{{business_name}} lehnt Ihre Rückgabe der Bestellung {{reference}} ab.
{{reason}}'
),
(
    'order.refunded', 'customer', null, 'de',
    'Erstattung zur Bestellung {{reference}}',
    'Guten Tag {{customer_name}},

{{business_name}} hat Ihnen zur Bestellung {{reference}} Geld erstattet.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
