-- The platform's German texts about accounts: codes, links, and what has changed. channel null:
-- for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'auth.signup', 'customer', null, 'de', 'Bestätigen Sie Ihre Adresse',
    'Bestätigen Sie Ihre Adresse.

Folgen Sie diesem Link:
{{link}}

Oder geben Sie diesen Code ein: {{code}}
Beides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht '
    'ignorieren.'
),
(
    'auth.invite', 'customer', null, 'de', 'Sie sind eingeladen',
    'Sie sind eingeladen.

Folgen Sie diesem Link:
{{link}}

Oder geben Sie diesen Code ein: {{code}}
Beides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht '
    'ignorieren.'
),
(
    'auth.magiclink', 'customer', null, 'de', 'Ihre Anmeldung',
    'Ihre Anmeldung.

Folgen Sie diesem Link:
{{link}}

Oder geben Sie diesen Code ein: {{code}}
Beides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht '
    'ignorieren.'
),
(
    'auth.recovery', 'customer', null, 'de', 'Wählen Sie ein neues Passwort',
    'Wählen Sie ein neues Passwort.

Folgen Sie diesem Link:
{{link}}

Oder geben Sie diesen Code ein: {{code}}
Beides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht '
    'ignorieren.'
),
(
    'auth.email_change', 'customer', null, 'de', 'Bestätigen Sie Ihre neue Adresse',
    'Bestätigen Sie Ihre neue Adresse.

Folgen Sie diesem Link:
{{link}}

Oder geben Sie diesen Code ein: {{code}}
Beides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, können Sie diese Nachricht '
    'ignorieren.'
),
(
    'auth.reauthentication', 'customer', null, 'de', 'Ihr Code',
    '{{code}}
Gültig für {{minutes}} Minuten. Wir werden Sie nie danach fragen.'
),
(
    'auth.guest_booking', 'customer', null, 'de', '{{code}}: Ihre Buchung bei {{business_name}}',
    '{{code}}
Gültig für {{minutes}} Minuten. Wer diesen Code hat, kann die Buchung bestätigen, verlegen oder '
    'absagen.

Was: {{service_names}}
Wann: {{starts_at}}
Buchungsnummer: {{reference}}

Wenn Sie das nicht waren, brauchen Sie nichts zu tun: ohne den Code ist die Zeit bald wieder frei.'
),
(
    'auth.guest_order', 'customer', null, 'de', '{{code}}: Ihre Bestellung bei {{business_name}}',
    '{{code}}
Gültig für {{minutes}} Minuten. Wer diesen Code hat, kann die Bestellung {{reference}} stornieren '
    'oder zurückgeben.

Wenn Sie das nicht waren, brauchen Sie nichts zu tun.'
),
(
    'auth.sms', 'customer', null, 'de', 'Ihr Code',
    '{{code}}
Gültig für {{minutes}} Minuten. Wir werden Sie nie danach fragen.'
),
(
    'auth.phone_change', 'customer', null, 'de', 'Ihr Code',
    '{{code}}
Gültig für {{minutes}} Minuten. Wir werden Sie nie danach fragen.'
),
(
    'auth.password_changed', 'customer', null, 'de', 'Ihr Passwort wurde geändert',
    'Ihr Passwort wurde geändert.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.email_changed', 'customer', null, 'de', 'Ihre E-Mail-Adresse wurde geändert',
    'Ihre E-Mail-Adresse wurde geändert.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.phone_changed', 'customer', null, 'de', 'Ihre Telefonnummer wurde geändert',
    'Ihre Telefonnummer wurde geändert.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.new_sign_in', 'customer', null, 'de', 'Eine neue Anmeldung bei Ihrem Konto',
    'Eine neue Anmeldung bei Ihrem Konto.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.factor_added', 'customer', null, 'de', 'Ihrem Konto wurde ein zweiter Faktor hinzugefügt',
    'Ihrem Konto wurde ein zweiter Faktor hinzugefügt.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.factor_removed', 'customer', null, 'de',
    'Aus Ihrem Konto wurde ein zweiter Faktor entfernt',
    'Aus Ihrem Konto wurde ein zweiter Faktor entfernt.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.passkey_added', 'customer', null, 'de', 'Ihrem Konto wurde ein Passkey hinzugefügt',
    'Ihrem Konto wurde ein Passkey hinzugefügt.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.passkey_removed', 'customer', null, 'de', 'Aus Ihrem Konto wurde ein Passkey entfernt',
    'Aus Ihrem Konto wurde ein Passkey entfernt.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.recovery_codes_made', 'customer', null, 'de',
    'Für Ihr Konto wurden Wiederherstellungscodes erstellt',
    'Für Ihr Konto wurden Wiederherstellungscodes erstellt.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.recovery_code_used', 'customer', null, 'de',
    'Ein Wiederherstellungscode Ihres Kontos wurde benutzt',
    'Ein Wiederherstellungscode Ihres Kontos wurde benutzt.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.identity_linked', 'customer', null, 'de', 'Eine weitere Anmeldemöglichkeit für Ihr Konto',
    'Eine weitere Anmeldemöglichkeit für Ihr Konto.

Wann: {{at}}
Von: {{ip}}
Mit: {{agent}}

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.card_expiring', 'customer', null, 'de', 'Ihre gespeicherte Karte läuft bald ab',
    'Ihre gespeicherte Karte {{card}} läuft Ende {{month}} ab.

Speichern Sie eine andere, wenn sie eine Buchung absichert oder etwas bezahlt, das noch kommt.'
),
(
    'auth.bank_account_changed', 'customer', null, 'de',
    'Das Bankkonto von {{business_name}} wurde geändert',
    'Wir überweisen die Einnahmen von {{business_name}} ab jetzt auf das Konto {{bank_account}}.

Wenn das keiner der Inhaber war, tragen Sie das richtige Konto ein und sagen Sie uns Bescheid.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
