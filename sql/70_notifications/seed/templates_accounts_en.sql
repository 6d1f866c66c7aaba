-- The platform's English texts about accounts: codes, links, and what has changed. channel null:
-- for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'auth.signup', 'customer', null, 'en', 'Confirm your address',
    'Confirm your address.

Follow this link:
{{link}}

Or enter this code: {{code}}
Both are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.invite', 'customer', null, 'en', 'You are invited',
    'You are invited.

Follow this link:
{{link}}

Or enter this code: {{code}}
Both are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.magiclink', 'customer', null, 'en', 'Sign in',
    'Sign in to your account.

Follow this link:
{{link}}

Or enter this code: {{code}}
Both are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.recovery', 'customer', null, 'en', 'Choose a new password',
    'Choose a new password.

Follow this link:
{{link}}

Or enter this code: {{code}}
Both are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.email_change', 'customer', null, 'en', 'Confirm your new address',
    'Confirm your new address.

Follow this link:
{{link}}

Or enter this code: {{code}}
Both are valid for {{minutes}} minutes. If you did not request this, ignore this message.'
),
(
    'auth.reauthentication', 'customer', null, 'en', 'Your code',
    '{{code}}
Valid for {{minutes}} minutes. We will never ask you for it.'
),
(
    'auth.guest_booking', 'customer', null, 'en', '{{code}}: your booking at {{business_name}}',
    '{{code}}
Valid for {{minutes}} minutes. Anybody with this code can confirm, move or cancel the booking.

What: {{service_names}}
When: {{starts_at}}
Reference: {{reference}}

If this was not you, you do not need to do anything. Without the code the time will soon be free '
    'again.'
),
(
    'auth.guest_order', 'customer', null, 'en', '{{code}}: your order at {{business_name}}',
    '{{code}}
Valid for {{minutes}} minutes. Anybody with this code can cancel or return the order {{reference}}.

If this was not you, you do not need to do anything.'
),
(
    'auth.sms', 'customer', null, 'en', 'Your code',
    '{{code}}
Valid for {{minutes}} minutes. We will never ask you for it.'
),
(
    'auth.phone_change', 'customer', null, 'en', 'Your code',
    '{{code}}
Valid for {{minutes}} minutes. We will never ask you for it.'
),
(
    'auth.password_changed', 'customer', null, 'en', 'Your password was changed',
    'Your password was changed.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.email_changed', 'customer', null, 'en', 'Your e-mail address was changed',
    'Your e-mail address was changed.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.phone_changed', 'customer', null, 'en', 'Your phone number was changed',
    'Your phone number was changed.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.new_sign_in', 'customer', null, 'en', 'A new sign-in to your account',
    'A new sign-in to your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.factor_added', 'customer', null, 'en', 'A second factor was added to your account',
    'A second factor was added to your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.factor_removed', 'customer', null, 'en', 'A second factor was removed from your account',
    'A second factor was removed from your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.passkey_added', 'customer', null, 'en', 'A passkey was added to your account',
    'A passkey was added to your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.passkey_removed', 'customer', null, 'en', 'A passkey was removed from your account',
    'A passkey was removed from your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.recovery_codes_made', 'customer', null, 'en',
    'Recovery codes were created for your account',
    'Recovery codes were created for your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.recovery_code_used', 'customer', null, 'en', 'A recovery code for your account was used',
    'A recovery code for your account was used.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.identity_linked', 'customer', null, 'en',
    'Another way to sign in was added to your account',
    'Another way to sign in was added to your account.

When: {{at}}
From: {{ip}}
With: {{agent}}

If that was not you, choose a new password at once.'
),
(
    'auth.card_expiring', 'customer', null, 'en', 'Your saved card expires soon',
    'Your saved card {{card}} expires at the end of {{month}}.

Save another one if it guarantees a booking or pays for something that comes later.'
),
(
    'auth.bank_account_changed', 'customer', null, 'en',
    'The bank account of {{business_name}} was changed',
    'What {{business_name}} earns is transferred to the bank account {{bank_account}} from now on.

If that was none of the owners, sign in, set the right account and tell us at once.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
