-- The platform's texts about memberships and gifts. channel null: for every channel that has no
-- text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'membership.joined', 'customer', null, 'en',
    'Welcome to {{plan_name}} at {{business_name}}',
    'Hello {{customer_name}},

you are a member of {{business_name}} now: {{plan_name}}, until {{paid_until}}.'
),
(
    'membership.joined', 'customer', null, 'de',
    'Willkommen bei {{business_name}}: {{plan_name}}',
    'Guten Tag {{customer_name}},

Sie sind jetzt Mitglied bei {{business_name}}: {{plan_name}}, bis {{paid_until}}.'
),
(
    'membership.joined', 'business', null, 'en',
    'A new member: {{customer_name}}',
    '{{customer_name}} has joined {{plan_name}}.'
),
(
    'membership.joined', 'business', null, 'de',
    'Ein neues Mitglied: {{customer_name}}',
    '{{customer_name}} hat {{plan_name}} abgeschlossen.'
),
(
    'membership.renewing', 'customer', null, 'en',
    '{{plan_name}} renews on {{paid_until}}',
    'Hello {{customer_name}},

your membership at {{business_name}} renews on {{paid_until}}.

Plan: {{plan_name}}
Price: {{price}}

You can change, pause or cancel it until then.'
),
(
    'membership.renewing', 'customer', null, 'de',
    '{{plan_name}} verlängert sich am {{paid_until}}',
    'Guten Tag {{customer_name}},

Ihre Mitgliedschaft bei {{business_name}} verlängert sich am {{paid_until}}.

Tarif: {{plan_name}}
Preis: {{price}}

Bis dahin können Sie sie ändern, pausieren oder kündigen.'
),
(
    'membership.invoiced', 'customer', null, 'en',
    '{{plan_name}}: please pay by {{due_until}}',
    'Hello {{customer_name}},

a new period of your membership at {{business_name}} has begun: {{plan_name}}, {{price}}.
Please pay it by {{due_until}}; after that the membership ends.'
),
(
    'membership.invoiced', 'customer', null, 'de',
    '{{plan_name}}: bitte bis {{due_until}} bezahlen',
    'Guten Tag {{customer_name}},

ein neuer Zeitraum Ihrer Mitgliedschaft bei {{business_name}} hat begonnen: {{plan_name}}, '
    '{{price}}.
Bitte bezahlen Sie ihn bis {{due_until}}; danach endet die Mitgliedschaft.'
),
(
    'membership.payment_failed', 'customer', null, 'en',
    'Your payment to {{business_name}} failed',
    'Hello {{customer_name}},

we could not charge your card for {{plan_name}} at {{business_name}}.
Please pay with another card by {{due_until}}; after that the membership ends.'
),
(
    'membership.payment_failed', 'customer', null, 'de',
    'Ihre Zahlung an {{business_name}} ist fehlgeschlagen',
    'Guten Tag {{customer_name}},

wir konnten Ihre Karte für {{plan_name}} bei {{business_name}} nicht belasten.
Bitte bezahlen Sie bis {{due_until}} mit einer anderen Karte; danach endet die '
    'Mitgliedschaft.'
),
(
    'membership.price_changing', 'customer', null, 'en',
    'A new price of {{plan_name}} from {{at}}',
    'Hello {{customer_name}},

{{business_name}} changes the price of {{plan_name}}: {{new_price}} instead of {{price}}, '
    'for periods that begin from {{at}}.
If the new price needs your consent, you keep yours until you accept it.'
),
(
    'membership.price_changing', 'customer', null, 'de',
    'Ein neuer Preis für {{plan_name}} ab {{at}}',
    'Guten Tag {{customer_name}},

{{business_name}} ändert den Preis von {{plan_name}}: {{new_price}} statt {{price}}, für '
    'Zeiträume, die ab {{at}} beginnen.
Wenn der neue Preis Ihre Zustimmung braucht, behalten Sie Ihren, bis Sie zustimmen.'
),
(
    'membership.cancelled', 'customer', null, 'en',
    '{{plan_name}} is cancelled',
    'Hello {{customer_name}},

your membership at {{business_name}} is cancelled. It lasts until {{paid_until}}, and you '
    'can keep it until then.'
),
(
    'membership.cancelled', 'customer', null, 'de',
    '{{plan_name}} ist gekündigt',
    'Guten Tag {{customer_name}},

Ihre Mitgliedschaft bei {{business_name}} ist gekündigt. Sie gilt bis {{paid_until}}; bis '
    'dahin können Sie die Kündigung zurücknehmen.'
),
(
    'membership.cancelled', 'business', null, 'en',
    '{{customer_name}} has cancelled',
    '{{customer_name}} has cancelled {{plan_name}}. It lasts until {{paid_until}}.'
),
(
    'membership.cancelled', 'business', null, 'de',
    '{{customer_name}} hat gekündigt',
    '{{customer_name}} hat {{plan_name}} gekündigt. Die Mitgliedschaft gilt bis {{paid_until}}.'
),
(
    'membership.ended', 'customer', null, 'en',
    '{{plan_name}} has ended',
    'Hello {{customer_name}},

your membership at {{business_name}} has ended. You are welcome to join again.'
),
(
    'membership.ended', 'customer', null, 'de',
    '{{plan_name}} ist beendet',
    'Guten Tag {{customer_name}},

Ihre Mitgliedschaft bei {{business_name}} ist beendet. Sie können gern wieder Mitglied '
    'werden.'
),
(
    'membership.restored', 'customer', null, 'en',
    '{{plan_name}} goes on',
    'Hello {{customer_name}},

thank you: your payment has come, and your membership at {{business_name}} goes on until '
    '{{paid_until}}.'
),
(
    'membership.restored', 'customer', null, 'de',
    '{{plan_name}} geht weiter',
    'Guten Tag {{customer_name}},

vielen Dank: Ihre Zahlung ist eingegangen, und Ihre Mitgliedschaft bei {{business_name}} '
    'gilt bis {{paid_until}}.'
),
(
    'gift.paid', 'customer', null, 'en',
    '{{buyer_name}} has a gift for you',
    '{{buyer_name}} has given you {{plan_name}} at {{business_name}}.

{{message}}

Sign in with this address to redeem it, until {{expires_at}}.'
),
(
    'gift.paid', 'customer', null, 'de',
    '{{buyer_name}} hat ein Geschenk für Sie',
    '{{buyer_name}} schenkt Ihnen {{plan_name}} bei {{business_name}}.

{{message}}

Melden Sie sich mit dieser Adresse an, um es bis {{expires_at}} einzulösen.'
),
(
    'gift_card.expiring', 'customer', null, 'en',
    'Your gift card of {{business_name}} expires soon',
    'There are {{balance}} left on your gift card of {{business_name}} ({{code_end}}).

Spend them by {{expires_at}}; after that the card cannot be used.'
),
(
    'gift_card.expiring', 'customer', null, 'de',
    'Ihr Gutschein von {{business_name}} läuft bald ab',
    'Auf Ihrem Gutschein von {{business_name}} ({{code_end}}) sind noch {{balance}}.

Lösen Sie ihn bis {{expires_at}} ein; danach gilt er nicht mehr.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
