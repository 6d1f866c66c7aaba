-- The platform's texts about reviews. channel null: for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'review.received', 'business', null, 'en',
    '{{rating}} of 5 stars for {{about}}',
    '{{author_name}} reviewed {{about}}: {{rating}} of 5 stars.

{{body}}'
),
(
    'review.received', 'business', null, 'de',
    '{{rating}} von 5 Sternen für {{about}}',
    '{{author_name}} hat {{about}} bewertet: {{rating}} von 5 Sternen.

{{body}}'
),
(
    'review.replied', 'customer', null, 'en',
    '{{business_name}} replied to your review',
    '{{business_name}} replied to your review of {{about}}:

{{reply}}'
),
(
    'review.replied', 'customer', null, 'de',
    '{{business_name}} hat auf Ihre Bewertung geantwortet',
    '{{business_name}} hat auf Ihre Bewertung von {{about}} geantwortet:

{{reply}}'
),
(
    'review.rejected', 'customer', null, 'en',
    'Your review of {{business_name}} was not published',
    'We do not publish your review of {{about}} at {{business_name}}.
Reason: {{reason}}
You can edit it and send it again.'
),
(
    'review.rejected', 'customer', null, 'de',
    'Ihre Bewertung von {{business_name}} wurde nicht veröffentlicht',
    'Wir veröffentlichen Ihre Bewertung von {{about}} bei {{business_name}} nicht.
Grund: {{reason}}
Sie können sie ändern und noch einmal senden.'
),
(
    'review.hidden', 'customer', null, 'en',
    'Your review of {{business_name}} is hidden',
    'Your review of {{about}} at {{business_name}} is not public any more.
Reason: {{reason}}'
),
(
    'review.hidden', 'customer', null, 'de',
    'Ihre Bewertung von {{business_name}} ist ausgeblendet',
    'Ihre Bewertung von {{about}} bei {{business_name}} ist nicht mehr öffentlich.
Grund: {{reason}}'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
