-- The platform's English texts about bookings. channel null:
-- for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'booking.requested', 'customer', null, 'en', 'Your request at {{business_name}}',
    '{{service_names}}, {{starts_at}}: {{business_name}} will answer soon.'
),
(
    'booking.requested', 'customer', 'mail', 'en', 'Your request at {{business_name}}',
    'Hello {{customer_name}},

{{business_name}} has received your request and will answer soon.

What: {{service_names}}
When: {{starts_at}}
With: {{staff_names}}
Where: {{address}}
Price: {{total}}
Reference: {{reference}}
Phone: {{business_phone}}'
),
(
    'booking.requested', 'business', null, 'en', 'A request from {{customer_name}}',
    '{{service_names}}, {{starts_at}}, for {{party_size}}. Please confirm or reject it. '
    '{{reference}}'
),
(
    'booking.confirmed', 'customer', null, 'en', 'Booked: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'customer', 'mail', 'en', 'Your booking at {{business_name}}',
    'Hello {{customer_name}},

your booking is confirmed.

What: {{service_names}}
When: {{starts_at}}
With: {{staff_names}}
Where: {{address}}
Price: {{total}}
Reference: {{reference}}
Phone: {{business_phone}}'
),
(
    'booking.confirmed', 'business', null, 'en', '{{customer_name}} has booked',
    '{{service_names}}, {{starts_at}}, with {{staff_names}}. {{reference}}'
),
(
    'booking.confirmed', 'staff', null, 'en', 'New: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.rejected', 'customer', null, 'en', '{{business_name}} cannot accept your request',
    '{{service_names}}, {{starts_at}}. {{reason}}'
),
(
    'booking.rejected', 'customer', 'mail', 'en', '{{business_name}} cannot accept your request',
    'Hello {{customer_name}},

{{business_name}} cannot accept your request for {{service_names}}, {{starts_at}}.
Reason: {{reason}}

Please choose another time.'
),
(
    'booking.cancelled', 'customer', null, 'en', 'Cancelled: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reason}}'
),
(
    'booking.cancelled', 'customer', 'mail', 'en', 'Cancelled: your booking at {{business_name}}',
    'Hello {{customer_name}},

your booking has been cancelled.
Reason: {{reason}}

What: {{service_names}}
When: {{starts_at}}
With: {{staff_names}}
Where: {{address}}
Price: {{total}}
Fee: {{fee}}
Reference: {{reference}}
Phone: {{business_phone}}'
),
(
    'booking.cancelled', 'business', null, 'en', 'Cancelled: {{customer_name}}',
    '{{service_names}}, {{starts_at}}. {{reference}}
{{reason}}'
),
(
    'booking.cancelled', 'staff', null, 'en', 'Cancelled: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.item_cancelled', 'customer', null, 'en', 'Cancelled: {{cancelled_service}}',
    '{{business_name}}. Still booked: {{service_names}}, {{starts_at}}.
Reason: {{reason}}
Fee: {{fee}}'
),
(
    'booking.item_cancelled', 'business', null, 'en',
    'Cancelled: {{cancelled_service}} for {{customer_name}}',
    'Still booked: {{service_names}}, {{starts_at}}. {{reference}}
{{reason}}'
),
(
    'booking.item_cancelled', 'staff', null, 'en', 'Cancelled: {{cancelled_service}}',
    '{{customer_name}}. Still booked: {{service_names}}, {{starts_at}}. {{reference}}'
),
(
    'booking.moved', 'customer', null, 'en', 'Moved: {{service_names}}',
    '{{business_name}}, now {{starts_at}} instead of {{previous_starts_at}}.'
),
(
    'booking.moved', 'customer', 'mail', 'en', 'Moved: your booking at {{business_name}}',
    'Hello {{customer_name}},

your booking has been moved.
Before: {{previous_starts_at}}
Reason: {{reason}}

What: {{service_names}}
When: {{starts_at}}
With: {{staff_names}}
Where: {{address}}
Price: {{total}}
Fee: {{fee}}
Reference: {{reference}}
Phone: {{business_phone}}'
),
(
    'booking.moved', 'business', null, 'en', 'Moved: {{customer_name}}',
    '{{service_names}}, now {{starts_at}} instead of {{previous_starts_at}}. {{reference}}'
),
(
    'booking.moved', 'staff', null, 'en', 'Moved: {{service_names}}',
    '{{customer_name}}, now {{starts_at}} instead of {{previous_starts_at}}.'
),
(
    'booking.reassigned', 'customer', null, 'en', '{{staff_names}} will see you',
    '{{service_names}} at {{business_name}}, {{starts_at}}: with {{staff_names}}.'
),
(
    'booking.reassigned', 'staff', null, 'en', 'Now with {{staff_names}}: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.expired', 'customer', null, 'en', 'Your request has expired',
    '{{service_names}} at {{business_name}}, {{starts_at}}: nobody confirmed it in time. Please '
    'choose another time.'
),
(
    'booking.paid_too_late', 'customer', null, 'en', 'Your payment came too late',
    '{{service_names}} at {{business_name}}, {{starts_at}}: the time was taken before your payment '
    'came. You get your money back. Please choose another time.'
),
(
    'booking.arrived', 'customer', null, 'en', '{{business_name}} has arrived',
    '{{staff_names}} from {{business_name}} has arrived.'
),
(
    'booking.no_show', 'customer', null, 'en', 'We missed you',
    'You did not come to {{service_names}} at {{business_name}}, {{starts_at}}. If that is a '
    'mistake, please call: {{business_phone}}
Fee: {{fee}}'
),
(
    'booking.completed', 'customer', null, 'en', 'How was {{business_name}}?',
    'Thank you for your visit. Tell others how {{service_names}} was.'
),
(
    'reminder.day', 'customer', null, 'en', 'Tomorrow: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.day', 'customer', 'mail', 'en', 'Tomorrow at {{business_name}}',
    'Hello {{customer_name}},

we look forward to seeing you.

What: {{service_names}}
When: {{starts_at}}
With: {{staff_names}}
Where: {{address}}
Price: {{total}}
Reference: {{reference}}
Phone: {{business_phone}}'
),
(
    'reminder.hour', 'customer', null, 'en', 'In an hour: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.hour', 'staff', null, 'en', 'In an hour: {{service_names}}',
    '{{customer_name}}, {{starts_at}}.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
