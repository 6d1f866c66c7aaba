-- The platform's texts about orders, in English. channel null: for every channel that has no text
-- of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'order.placed', 'customer', null, 'en',
    'Your order {{reference}} at {{business_name}}',
    'Hello {{customer_name}},

thank you for your order {{reference}} at {{business_name}}: {{item_names}}.
Total: {{total}}.'
),
(
    'order.placed', 'business', null, 'en',
    'New order {{reference}}',
    '{{customer_name}} ordered {{item_names}} for {{total}}.'
),
(
    'order.paid', 'customer', null, 'en',
    'Your order {{reference}} is paid',
    'Hello {{customer_name}},

{{business_name}} received your payment for the order {{reference}}: {{item_names}}.'
),
(
    'order.paid', 'business', null, 'en',
    'Order {{reference}} is paid',
    '{{customer_name}} paid for {{item_names}}.'
),
(
    'order.part_shipped', 'customer', null, 'en',
    'A part of your order {{reference}} is on its way',
    'Hello {{customer_name}},

{{business_name}} sent a part of your order {{reference}}.
{{tracking}}'
),
(
    'order.shipped', 'customer', null, 'en',
    'Your order {{reference}} is on its way',
    'Hello {{customer_name}},

{{business_name}} sent your order {{reference}}: {{item_names}}.
{{tracking}}'
),
(
    'order.delivered', 'customer', null, 'en',
    'Your order {{reference}} has arrived',
    'Hello {{customer_name}},

your order {{reference}} from {{business_name}} has arrived: {{item_names}}.'
),
(
    'order.cancelled', 'customer', null, 'en',
    'Your order {{reference}} is cancelled',
    'Hello {{customer_name}},

your order {{reference}} at {{business_name}} is cancelled. What you paid is given back.
{{reason}}'
),
(
    'order.cancelled', 'business', null, 'en',
    'Order {{reference}} is cancelled',
    'The order of {{customer_name}} is cancelled: {{item_names}}.
{{reason}}'
),
(
    'order.lines_cancelled', 'customer', null, 'en',
    'A part of your order {{reference}} is cancelled',
    'Hello {{customer_name}},

a part of your order {{reference}} at {{business_name}} is cancelled. What you paid for it is given back.
{{reason}}'
),
(
    'order.lines_cancelled', 'business', null, 'en',
    'A part of order {{reference}} is cancelled',
    'A part of the order of {{customer_name}} is cancelled.
{{reason}}'
),
(
    'order.changed', 'customer', null, 'en',
    'Your order {{reference}} was changed',
    'Hello {{customer_name}},

your order {{reference}} at {{business_name}} is now: {{item_names}}.
Total: {{total}}. Still to be paid: {{open}}.
{{reason}}'
),
(
    'order.changed', 'business', null, 'en',
    'Order {{reference}} was changed',
    'The order of {{customer_name}} is now {{item_names}}.
Total: {{total}}. Still to be paid: {{open}}.
{{reason}}'
),
(
    'order.expired', 'customer', null, 'en',
    'Your order {{reference}} expired',
    'Hello {{customer_name}},

your order {{reference}} at {{business_name}} was not paid in time, and expired. Please order again.'
),
(
    'order.expired', 'business', null, 'en',
    'Order {{reference}} expired',
    '{{customer_name}} did not pay the order {{reference}} in time. Its pieces are back in stock.'
),
(
    'order.paid_too_late', 'customer', null, 'en',
    'Your payment for {{reference}} came too late',
    'Hello {{customer_name}},

your payment came when the order {{reference}} at {{business_name}} was over. It is given back. Please order again.'
),
(
    'order.shipment_lost', 'customer', null, 'en',
    'A shipment of your order {{reference}} was lost',
    'Hello {{customer_name}},

a shipment of your order {{reference}} from {{business_name}} was lost. {{business_name}} replaces it or gives your money back.'
),
(
    'order.shipment_lost', 'business', null, 'en',
    'A shipment of order {{reference}} was lost',
    'A shipment to {{customer_name}} was lost: {{item_names}}.'
),
(
    'order.return_requested', 'customer', null, 'en',
    'Your return for the order {{reference}}',
    'Hello {{customer_name}},

{{business_name}} received your request for a return of the order {{reference}}, and will decide about it.'
),
(
    'order.return_requested', 'business', null, 'en',
    'A return for order {{reference}}',
    '{{customer_name}} asks for a return of the order {{reference}}.
{{reason}}'
),
(
    'order.return_approved', 'customer', null, 'en',
    'Your return for the order {{reference}} is approved',
    'Hello {{customer_name}},

{{business_name}} approved your return of the order {{reference}}.
{{reason}}'
),
(
    'order.return_rejected', 'customer', null, 'en',
    'Your return for the order {{reference}} is rejected',
    'Hello {{customer_name}},

{{business_name}} rejected your return of the order {{reference}}.
{{reason}}'
),
(
    'order.refunded', 'customer', null, 'en',
    'A refund for your order {{reference}}',
    'Hello {{customer_name}},

{{business_name}} gave money back for your order {{reference}}.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
