-- Reference data: what every installation has before the first business. Run as often as you like; rows that
-- exist are brought up to date, rows of your own stay.

-- Foundation: the currencies of ISO 4217 in use, with the codes of funds, without metals and units of account.
insert into pricing.currencies (code, name, minor_digits)
values
('AED', 'United Arab Emirates dirham', 2),
('AFN', 'Afghani', 2),
('ALL', 'Lek', 2),
('AMD', 'Armenian dram', 2),
('AOA', 'Kwanza', 2),
('ARS', 'Argentine peso', 2),
('AUD', 'Australian dollar', 2),
('AWG', 'Aruban florin', 2),
('AZN', 'Azerbaijan manat', 2),
('BAM', 'Convertible mark', 2),
('BBD', 'Barbados dollar', 2),
('BDT', 'Taka', 2),
('BHD', 'Bahraini dinar', 3),
('BIF', 'Burundi franc', 0),
('BMD', 'Bermudian dollar', 2),
('BND', 'Brunei dollar', 2),
('BOB', 'Boliviano', 2),
('BOV', 'Mvdol (fund)', 2),
('BRL', 'Brazilian real', 2),
('BSD', 'Bahamian dollar', 2),
('BTN', 'Ngultrum', 2),
('BWP', 'Pula', 2),
('BYN', 'Belarusian ruble', 2),
('BZD', 'Belize dollar', 2),
('CAD', 'Canadian dollar', 2),
('CDF', 'Congolese franc', 2),
('CHE', 'WIR euro (fund)', 2),
('CHF', 'Swiss franc', 2),
('CHW', 'WIR franc (fund)', 2),
('CLF', 'Unidad de fomento (fund)', 4),
('CLP', 'Chilean peso', 0),
('CNY', 'Yuan renminbi', 2),
('COP', 'Colombian peso', 2),
('COU', 'Unidad de valor real (fund)', 2),
('CRC', 'Costa Rican colon', 2),
('CUP', 'Cuban peso', 2),
('CVE', 'Cabo Verde escudo', 2),
('CZK', 'Czech koruna', 2),
('DJF', 'Djibouti franc', 0),
('DKK', 'Danish krone', 2),
('DOP', 'Dominican peso', 2),
('DZD', 'Algerian dinar', 2),
('EGP', 'Egyptian pound', 2),
('ERN', 'Nakfa', 2),
('ETB', 'Ethiopian birr', 2),
('EUR', 'Euro', 2),
('FJD', 'Fiji dollar', 2),
('FKP', 'Falkland Islands pound', 2),
('GBP', 'Pound sterling', 2),
('GEL', 'Lari', 2),
('GHS', 'Ghana cedi', 2),
('GIP', 'Gibraltar pound', 2),
('GMD', 'Dalasi', 2),
('GNF', 'Guinean franc', 0),
('GTQ', 'Quetzal', 2),
('GYD', 'Guyana dollar', 2),
('HKD', 'Hong Kong dollar', 2),
('HNL', 'Lempira', 2),
('HTG', 'Gourde', 2),
('HUF', 'Forint', 2),
('IDR', 'Rupiah', 2),
('ILS', 'New Israeli sheqel', 2),
('INR', 'Indian rupee', 2),
('IQD', 'Iraqi dinar', 3),
('IRR', 'Iranian rial', 2),
('ISK', 'Iceland krona', 0),
('JMD', 'Jamaican dollar', 2),
('JOD', 'Jordanian dinar', 3),
('JPY', 'Yen', 0),
('KES', 'Kenyan shilling', 2),
('KGS', 'Som', 2),
('KHR', 'Riel', 2),
('KMF', 'Comorian franc', 0),
('KPW', 'North Korean won', 2),
('KRW', 'Won', 0),
('KWD', 'Kuwaiti dinar', 3),
('KYD', 'Cayman Islands dollar', 2),
('KZT', 'Tenge', 2),
('LAK', 'Lao kip', 2),
('LBP', 'Lebanese pound', 2),
('LKR', 'Sri Lanka rupee', 2),
('LRD', 'Liberian dollar', 2),
('LSL', 'Loti', 2),
('LYD', 'Libyan dinar', 3),
('MAD', 'Moroccan dirham', 2),
('MDL', 'Moldovan leu', 2),
('MGA', 'Malagasy ariary', 2),
('MKD', 'Denar', 2),
('MMK', 'Kyat', 2),
('MNT', 'Tugrik', 2),
('MOP', 'Pataca', 2),
('MRU', 'Ouguiya', 2),
('MUR', 'Mauritius rupee', 2),
('MVR', 'Rufiyaa', 2),
('MWK', 'Malawi kwacha', 2),
('MXN', 'Mexican peso', 2),
('MXV', 'Mexican unidad de inversion (fund)', 2),
('MYR', 'Malaysian ringgit', 2),
('MZN', 'Mozambique metical', 2),
('NAD', 'Namibia dollar', 2),
('NGN', 'Naira', 2),
('NIO', 'Cordoba oro', 2),
('NOK', 'Norwegian krone', 2),
('NPR', 'Nepalese rupee', 2),
('NZD', 'New Zealand dollar', 2),
('OMR', 'Rial Omani', 3),
('PAB', 'Balboa', 2),
('PEN', 'Sol', 2),
('PGK', 'Kina', 2),
('PHP', 'Philippine peso', 2),
('PKR', 'Pakistan rupee', 2),
('PLN', 'Zloty', 2),
('PYG', 'Guarani', 0),
('QAR', 'Qatari rial', 2),
('RON', 'Romanian leu', 2),
('RSD', 'Serbian dinar', 2),
('RUB', 'Russian ruble', 2),
('RWF', 'Rwanda franc', 0),
('SAR', 'Saudi riyal', 2),
('SBD', 'Solomon Islands dollar', 2),
('SCR', 'Seychelles rupee', 2),
('SDG', 'Sudanese pound', 2),
('SEK', 'Swedish krona', 2),
('SGD', 'Singapore dollar', 2),
('SHP', 'Saint Helena pound', 2),
('SLE', 'Leone', 2),
('SOS', 'Somali shilling', 2),
('SRD', 'Surinam dollar', 2),
('SSP', 'South Sudanese pound', 2),
('STN', 'Dobra', 2),
('SVC', 'El Salvador colon', 2),
('SYP', 'Syrian pound', 2),
('SZL', 'Lilangeni', 2),
('THB', 'Baht', 2),
('TJS', 'Somoni', 2),
('TMT', 'Turkmenistan new manat', 2),
('TND', 'Tunisian dinar', 3),
('TOP', 'Pa''anga', 2),
('TRY', 'Turkish lira', 2),
('TTD', 'Trinidad and Tobago dollar', 2),
('TWD', 'New Taiwan dollar', 2),
('TZS', 'Tanzanian shilling', 2),
('UAH', 'Hryvnia', 2),
('UGX', 'Uganda shilling', 0),
('USD', 'US dollar', 2),
('USN', 'US dollar, next day (fund)', 2),
('UYI', 'Uruguay peso en unidades indexadas (fund)', 0),
('UYU', 'Peso uruguayo', 2),
('UYW', 'Unidad previsional (fund)', 4),
('UZS', 'Uzbekistan sum', 2),
('VED', 'Digital bolivar', 2),
('VES', 'Bolivar soberano', 2),
('VND', 'Dong', 0),
('VUV', 'Vatu', 0),
('WST', 'Tala', 2),
('XAF', 'CFA franc BEAC', 0),
('XCD', 'East Caribbean dollar', 2),
('XCG', 'Caribbean guilder', 2),
('XOF', 'CFA franc BCEAO', 0),
('XPF', 'CFP franc', 0),
('YER', 'Yemeni rial', 2),
('ZAR', 'Rand', 2),
('ZMW', 'Zambian kwacha', 2),
('ZWG', 'Zimbabwe Gold', 2)
on conflict (code) do update
set
    name = excluded.name,
    minor_digits = excluded.minor_digits
where (currencies.name, currencies.minor_digits) is distinct from (excluded.name, excluded.minor_digits);

-- Business: lines of business.
insert into business.verticals (id, name, position)
values
('salon', 'Hair salon', 10),
('barber', 'Barber', 20),
('spa', 'Spa and massage', 30),
('nails', 'Nail studio', 40),
('clinic', 'Clinic', 50),
('dental', 'Dentist', 60),
('physiotherapy', 'Physiotherapy', 70),
('veterinary', 'Veterinary practice', 80),
('fitness', 'Fitness and yoga', 90),
('tutoring', 'Lessons and tutoring', 100),
('workshop', 'Repair workshop', 110),
('studio', 'Studio for photo and sound', 120),
('wellness', 'Wellness and coaching', 130),
('retail', 'Shop', 140)
on conflict (id) do update
set
    name = excluded.name,
    position = excluded.position
where (verticals.name, verticals.position) is distinct from (excluded.name, excluded.position);

-- Business: the approval workflow.
insert into business.business_transitions (step, from_status, to_status, is_by_business)
values
('submit', 'draft', 'submitted', true),
('submit', 'rejected', 'submitted', true),
('approve', 'submitted', 'approved', false),
('reject', 'submitted', 'rejected', false),
('suspend', 'approved', 'suspended', false),
('reinstate', 'suspended', 'approved', false)
on conflict (from_status, to_status) do update
set
    step = excluded.step,
    is_by_business = excluded.is_by_business
where
    (business_transitions.step, business_transitions.is_by_business)
    is distinct from (excluded.step, excluded.is_by_business);

-- Business: documents lie in a private bucket, where the host has storage.
do $$
begin
    if to_regclass('storage.buckets') is not null then
        insert into storage.buckets (id, name, public)
        values ('business-documents', 'business-documents', false)
        on conflict (id) do update
        set public = false
        where buckets.public;
    end if;
end;
$$;

-- Scheduling: the life of a booking. The system may take every step.
insert into scheduling.booking_transitions (from_status, to_status, actors, guard, due)
values
('held', 'pending_payment', '{customer,business}', null, null),
('held', 'pending', '{customer,business}', null, null),
('held', 'confirmed', '{customer,business}', null, null),
('held', 'cancelled', '{customer,business}', null, null),
('held', 'expired', '{}', null, 'hold_expires_at'),
('pending_payment', 'pending', '{}', null, null),
('pending_payment', 'confirmed', '{}', null, null),
('pending_payment', 'cancelled', '{customer,business}', null, null),
('pending_payment', 'expired', '{}', null, 'hold_expires_at'),
('pending', 'confirmed', '{business}', null, null),
('pending', 'rejected', '{business}', null, null),
('pending', 'cancelled', '{customer,business}', null, null),
('pending', 'expired', '{}', null, 'starts_at'),
('confirmed', 'pending', '{customer}', null, null),
('confirmed', 'checked_in', '{business}', null, null),
('confirmed', 'completed', '{business}', null, null),
('confirmed', 'cancelled', '{customer,business}', null, null),
('confirmed', 'no_show', '{business}', 'after_start', null),
('checked_in', 'completed', '{business}', null, null),
('checked_in', 'no_show', '{business}', 'after_start', null),
('no_show', 'checked_in', '{business}', null, null),
('no_show', 'completed', '{business}', null, null)
on conflict (from_status, to_status) do update
set actors = excluded.actors, guard = excluded.guard, due = excluded.due;

-- Messages: the queues, who reads what, and what happens again and again.
insert into private.queues (name, purpose)
values
('notifications', 'Who has to hear of what has happened'),
('reminders', 'Reminders, each waiting for its time'),
('mail', 'Mails to send'),
('sms', 'Texts to send'),
('push', 'Push messages to send'),
('in_app', 'Notifications to put into the app'),
('calendars', 'Calendars of other programs to read'),
('housekeeping', 'What has run out, what nobody needs any more')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
values
('booking.%', 'notifications', 'notify'),
('reminder.%', 'reminders', 'notify'),
('offer.%', 'notifications', 'notify'),
('waitlist.offered', 'notifications', 'notify'),
('waitlist.freed', 'housekeeping', 'offer_freed_time'),
('auth.mail', 'mail', 'send_account_message'),
('auth.sms', 'sms', 'send_account_message'),
('calendar.import_requested', 'calendars', 'import_calendar'),
('tick.calendars', 'calendars', 'request_due_imports'),
('tick.transitions', 'housekeeping', 'apply_due_transitions'),
('tick.forget', 'housekeeping', 'forget_what_is_old')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('transitions', 'tick.transitions', '5 seconds'),
('calendars', 'tick.calendars', '15 minutes'),
('forget', 'tick.forget', '1 hour')
on conflict (name) do update set topic = excluded.topic;

-- Engagement: what can be told, about what, to whom, on which channels.
insert into engagement.subjects (name, description)
values
('booking', 'A booking of a customer with a business'),
('offer', 'What a business wants its customers to know'),
('waitlist', 'A time that became free, offered to somebody who waits'),
('account', 'A user''s account: codes, links, and what has changed')
on conflict (name) do update set description = excluded.description;

insert into engagement.variables (subject, name, type, description)
values
('booking', 'customer_name', 'text', 'Who booked'),
('booking', 'business_name', 'text', 'With whom'),
('booking', 'business_phone', 'text', 'The business''s phone number'),
('booking', 'address', 'text', 'Where the business is'),
('booking', 'service_names', 'text', 'What is booked'),
('booking', 'staff_names', 'text', 'Who gives it'),
('booking', 'reference', 'text', 'What to say on the phone'),
('booking', 'starts_at', 'instant', 'When it begins'),
('booking', 'ends_at', 'instant', 'When it ends'),
('booking', 'previous_starts_at', 'instant', 'When it would have begun before it was moved'),
('booking', 'total', 'money', 'What it costs'),
('booking', 'fee', 'money', 'What cancelling, moving late or not coming costs; nothing where it is free'),
('booking', 'cancelled_service', 'text', 'The one service that was cancelled, where the rest stays'),
('booking', 'party_size', 'whole_number', 'For how many'),
('booking', 'reason', 'text', 'Why it was rejected, cancelled or moved, if somebody said'),
('waitlist', 'customer_name', 'text', 'Who waits'),
('waitlist', 'business_name', 'text', 'With whom'),
('waitlist', 'service_names', 'text', 'What has become free'),
('waitlist', 'staff_names', 'text', 'Who gives it'),
('waitlist', 'starts_at', 'instant', 'When it begins'),
('waitlist', 'expires_at', 'instant', 'Until when it can be accepted'),
('waitlist', 'total', 'money', 'What it costs'),
('offer', 'business_name', 'text', 'Whose offer it is'),
('offer', 'customer_name', 'text', 'Who reads it'),
('offer', 'title', 'text', 'What the business calls it'),
('offer', 'body', 'text', 'What the business writes'),
('account', 'code', 'text', 'The code to enter'),
('account', 'link', 'text', 'The link to follow'),
('account', 'minutes', 'whole_number', 'How long both are valid'),
('account', 'at', 'instant', 'When it happened'),
('account', 'ip', 'text', 'From which address'),
('account', 'agent', 'text', 'With which program'),
('account', 'business_name', 'text', 'With whom a guest books'),
('account', 'service_names', 'text', 'What a guest books'),
('account', 'starts_at', 'instant', 'When it begins'),
('account', 'reference', 'text', 'The booking''s number')
on conflict (subject, name) do update
set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, while_status
)
values
('booking.requested', 'booking', 'A booking waits for the business', false, false, null),
('booking.confirmed', 'booking', 'A booking is certain', true, false, null),
('booking.rejected', 'booking', 'The business cannot take a request', true, false, null),
('booking.cancelled', 'booking', 'A booking was called off', true, false, null),
('booking.item_cancelled', 'booking', 'One of several services was called off', true, false, null),
('booking.moved', 'booking', 'A booking has another time', true, false, null),
('booking.reassigned', 'booking', 'Somebody else gives the service', false, false, null),
('booking.expired', 'booking', 'A request lapsed: nobody confirmed it in time', false, false, null),
('booking.arrived', 'booking', 'The professional is at the customer''s', true, false, 'confirmed'),
('booking.no_show', 'booking', 'Nobody came', false, false, null),
('booking.completed', 'booking', 'The service was given: a review is asked for', false, false, null),
('reminder.day', 'booking', 'A booking begins in 24 hours', false, false, 'confirmed'),
('reminder.hour', 'booking', 'A booking begins in an hour', false, false, 'confirmed'),
('auth.signup', 'account', 'An address or a number is to be confirmed', true, false, null),
('auth.invite', 'account', 'Somebody is invited', true, false, null),
('auth.magiclink', 'account', 'Somebody signs in by mail', true, false, null),
('auth.recovery', 'account', 'Somebody has forgotten their password', true, false, null),
('auth.email_change', 'account', 'An address is to be changed', true, false, null),
('auth.reauthentication', 'account', 'Somebody is about to change their password', true, false, null),
('auth.guest_booking', 'account', 'Somebody books, moves or cancels as a guest', true, false, null),
('auth.sms', 'account', 'Somebody signs in by text', true, false, null),
('auth.phone_change', 'account', 'A number is to be changed', true, false, null),
('auth.password_changed', 'account', 'A password was changed', true, false, null),
('auth.email_changed', 'account', 'An address was changed', true, false, null),
('auth.phone_changed', 'account', 'A number was changed', true, false, null),
('auth.new_sign_in', 'account', 'Somebody signed in from somewhere new', true, false, null),
('auth.factor_added', 'account', 'A second factor was added', true, false, null),
('auth.factor_removed', 'account', 'A second factor was removed', true, false, null),
('auth.recovery_codes_made', 'account', 'Recovery codes were made', true, false, null),
('auth.recovery_code_used', 'account', 'A recovery code was used', true, false, null),
('auth.identity_linked', 'account', 'Another way to sign in was added', true, false, null),
('waitlist.offered', 'waitlist', 'A time became free for somebody who waits', true, false, 'held'),
('offer.made', 'offer', 'A business has an offer', false, true, null)
on conflict (name) do update
set
    description = excluded.description,
    is_mandatory = excluded.is_mandatory,
    is_marketing = excluded.is_marketing,
    while_status = excluded.while_status;

insert into engagement.reminder_kinds (event, before)
values
('reminder.day', '24 hours'),
('reminder.hour', '1 hour')
on conflict (event) do nothing;

insert into engagement.notices (event, audience, channels)
values
('booking.requested', 'customer', '{mail,in_app}'),
('booking.requested', 'business', '{mail,push,in_app}'),
('booking.confirmed', 'customer', '{mail,push,in_app}'),
('booking.confirmed', 'business', '{mail,in_app}'),
('booking.confirmed', 'staff', '{push,in_app}'),
('booking.rejected', 'customer', '{mail,push,in_app}'),
('booking.cancelled', 'customer', '{mail,push,in_app}'),
('booking.cancelled', 'business', '{mail,in_app}'),
('booking.cancelled', 'staff', '{push,in_app}'),
('booking.item_cancelled', 'customer', '{mail,in_app}'),
('booking.item_cancelled', 'business', '{mail,in_app}'),
('booking.item_cancelled', 'staff', '{push,in_app}'),
('booking.moved', 'customer', '{mail,push,in_app}'),
('booking.moved', 'business', '{mail,in_app}'),
('booking.moved', 'staff', '{push,in_app}'),
('booking.reassigned', 'customer', '{mail,in_app}'),
('booking.reassigned', 'staff', '{push,in_app}'),
('booking.expired', 'customer', '{mail,in_app}'),
('booking.arrived', 'customer', '{sms,push}'),
('booking.no_show', 'customer', '{mail,in_app}'),
('booking.completed', 'customer', '{mail,in_app}'),
('reminder.day', 'customer', '{mail,push}'),
('reminder.hour', 'customer', '{sms,push}'),
('reminder.hour', 'staff', '{push}'),
('waitlist.offered', 'customer', '{mail,push,in_app}'),
('offer.made', 'customer', '{mail,in_app}'),
('auth.signup', 'customer', '{mail}'),
('auth.invite', 'customer', '{mail}'),
('auth.magiclink', 'customer', '{mail}'),
('auth.recovery', 'customer', '{mail}'),
('auth.email_change', 'customer', '{mail}'),
('auth.reauthentication', 'customer', '{mail,sms}'),
('auth.guest_booking', 'customer', '{mail}'),
('auth.sms', 'customer', '{sms}'),
('auth.phone_change', 'customer', '{sms}'),
('auth.password_changed', 'customer', '{mail}'),
('auth.email_changed', 'customer', '{mail}'),
('auth.phone_changed', 'customer', '{mail}'),
('auth.new_sign_in', 'customer', '{mail}'),
('auth.factor_added', 'customer', '{mail}'),
('auth.factor_removed', 'customer', '{mail}'),
('auth.recovery_codes_made', 'customer', '{mail}'),
('auth.recovery_code_used', 'customer', '{mail}'),
('auth.identity_linked', 'customer', '{mail}')
on conflict (event, audience) do nothing;

-- Engagement: the platform's words. channel null: for every channel without words of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'booking.requested', 'customer', null, 'en', 'Your request at {{business_name}}',
    '{{service_names}}, {{starts_at}}: {{business_name}} will answer soon.'
),
(
    'booking.requested', 'customer', null, 'de', 'Ihre Anfrage bei {{business_name}}',
    '{{service_names}}, {{starts_at}}: {{business_name}} meldet sich bald.'
),
(
    'booking.requested', 'customer', 'mail', 'en', 'Your request at {{business_name}}',
    e'Hello {{customer_name}},\n\n{{business_name}} has your request and will answer soon.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.requested', 'customer', 'mail', 'de', 'Ihre Anfrage bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\n{{business_name}} hat Ihre Anfrage und meldet sich bald.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.requested', 'business', null, 'en', 'A request of {{customer_name}}',
    '{{service_names}}, {{starts_at}}, for {{party_size}}. Please confirm or reject it. {{reference}}'
),
(
    'booking.requested', 'business', null, 'de', 'Eine Anfrage von {{customer_name}}',
    '{{service_names}}, {{starts_at}}, für {{party_size}}. Bitte bestätigen oder ablehnen. {{reference}}'
),
(
    'booking.confirmed', 'customer', null, 'en', 'Booked: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'customer', null, 'de', 'Gebucht: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'customer', 'mail', 'en', 'Your booking at {{business_name}}',
    e'Hello {{customer_name}},\n\nyour booking is confirmed.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.confirmed', 'customer', 'mail', 'de', 'Ihre Buchung bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nIhre Buchung ist bestätigt.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.confirmed', 'business', null, 'en', '{{customer_name}} has booked',
    '{{service_names}}, {{starts_at}}, with {{staff_names}}. {{reference}}'
),
(
    'booking.confirmed', 'business', null, 'de', '{{customer_name}} hat gebucht',
    '{{service_names}}, {{starts_at}}, bei {{staff_names}}. {{reference}}'
),
(
    'booking.confirmed', 'staff', null, 'en', 'New: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.confirmed', 'staff', null, 'de', 'Neu: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.rejected', 'customer', null, 'en', '{{business_name}} cannot take your request',
    '{{service_names}}, {{starts_at}}. {{reason}}'
),
(
    'booking.rejected', 'customer', null, 'de', '{{business_name}} kann Ihre Anfrage nicht annehmen',
    '{{service_names}}, {{starts_at}}. {{reason}}'
),
(
    'booking.rejected', 'customer', 'mail', 'en', '{{business_name}} cannot take your request',
    e'Hello {{customer_name}},\n\n{{business_name}} cannot take your request for {{service_names}}, {{starts_at}}.\nReason: {{reason}}\n\nPlease choose another time.'
),
(
    'booking.rejected', 'customer', 'mail', 'de', '{{business_name}} kann Ihre Anfrage nicht annehmen',
    e'Guten Tag {{customer_name}},\n\n{{business_name}} kann Ihre Anfrage für {{service_names}}, {{starts_at}}, nicht annehmen.\nGrund: {{reason}}\n\nBitte wählen Sie eine andere Zeit.'
),
(
    'booking.cancelled', 'customer', null, 'en', 'Cancelled: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reason}}'
),
(
    'booking.cancelled', 'customer', null, 'de', 'Abgesagt: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{reason}}'
),
(
    'booking.cancelled', 'customer', 'mail', 'en', 'Cancelled: your booking at {{business_name}}',
    e'Hello {{customer_name}},\n\nyour booking is cancelled.\nReason: {{reason}}\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nFee: {{fee}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.cancelled', 'customer', 'mail', 'de', 'Abgesagt: Ihre Buchung bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nIhre Buchung ist abgesagt.\nGrund: {{reason}}\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nGebühr: {{fee}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.cancelled', 'business', null, 'en', 'Cancelled: {{customer_name}}',
    e'{{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.cancelled', 'business', null, 'de', 'Abgesagt: {{customer_name}}',
    e'{{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.cancelled', 'staff', null, 'en', 'Cancelled: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.cancelled', 'staff', null, 'de', 'Abgesagt: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.item_cancelled', 'customer', null, 'en', 'Cancelled: {{cancelled_service}}',
    e'{{business_name}}. It stays: {{service_names}}, {{starts_at}}.\nReason: {{reason}}\nFee: {{fee}}'
),
(
    'booking.item_cancelled', 'customer', null, 'de', 'Abgesagt: {{cancelled_service}}',
    e'{{business_name}}. Es bleibt: {{service_names}}, {{starts_at}}.\nGrund: {{reason}}\nGebühr: {{fee}}'
),
(
    'booking.item_cancelled', 'business', null, 'en', 'Cancelled: {{cancelled_service}} of {{customer_name}}',
    e'It stays: {{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.item_cancelled', 'business', null, 'de', 'Abgesagt: {{cancelled_service}} von {{customer_name}}',
    e'Es bleibt: {{service_names}}, {{starts_at}}. {{reference}}\n{{reason}}'
),
(
    'booking.item_cancelled', 'staff', null, 'en', 'Cancelled: {{cancelled_service}}',
    '{{customer_name}}. It stays: {{service_names}}, {{starts_at}}. {{reference}}'
),
(
    'booking.item_cancelled', 'staff', null, 'de', 'Abgesagt: {{cancelled_service}}',
    '{{customer_name}}. Es bleibt: {{service_names}}, {{starts_at}}. {{reference}}'
),
(
    'booking.moved', 'customer', null, 'en', 'Moved: {{service_names}}',
    '{{business_name}}, now {{starts_at}} instead of {{previous_starts_at}}.'
),
(
    'booking.moved', 'customer', null, 'de', 'Verlegt: {{service_names}}',
    '{{business_name}}, jetzt {{starts_at}} statt {{previous_starts_at}}.'
),
(
    'booking.moved', 'customer', 'mail', 'en', 'Moved: your booking at {{business_name}}',
    e'Hello {{customer_name}},\n\nyour booking has another time.\nBefore: {{previous_starts_at}}\nReason: {{reason}}\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nFee: {{fee}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'booking.moved', 'customer', 'mail', 'de', 'Verlegt: Ihre Buchung bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nIhre Buchung hat eine andere Zeit.\nVorher: {{previous_starts_at}}\nGrund: {{reason}}\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nGebühr: {{fee}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'booking.moved', 'business', null, 'en', 'Moved: {{customer_name}}',
    '{{service_names}}, now {{starts_at}} instead of {{previous_starts_at}}. {{reference}}'
),
(
    'booking.moved', 'business', null, 'de', 'Verlegt: {{customer_name}}',
    '{{service_names}}, jetzt {{starts_at}} statt {{previous_starts_at}}. {{reference}}'
),
(
    'booking.moved', 'staff', null, 'en', 'Moved: {{service_names}}',
    '{{customer_name}}, now {{starts_at}} instead of {{previous_starts_at}}.'
),
(
    'booking.moved', 'staff', null, 'de', 'Verlegt: {{service_names}}',
    '{{customer_name}}, jetzt {{starts_at}} statt {{previous_starts_at}}.'
),
(
    'booking.reassigned', 'customer', null, 'en', '{{staff_names}} will see you',
    '{{service_names}} at {{business_name}}, {{starts_at}}: with {{staff_names}}.'
),
(
    'booking.reassigned', 'customer', null, 'de', '{{staff_names}} ist für Sie da',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: bei {{staff_names}}.'
),
(
    'booking.reassigned', 'staff', null, 'en', 'Now with {{staff_names}}: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.reassigned', 'staff', null, 'de', 'Jetzt bei {{staff_names}}: {{service_names}}',
    '{{customer_name}}, {{starts_at}}. {{reference}}'
),
(
    'booking.expired', 'customer', null, 'en', 'Your request has lapsed',
    '{{service_names}} at {{business_name}}, {{starts_at}}: nobody confirmed it in time. Please choose another time.'
),
(
    'booking.expired', 'customer', null, 'de', 'Ihre Anfrage ist verfallen',
    '{{service_names}} bei {{business_name}}, {{starts_at}}: Niemand hat sie rechtzeitig bestätigt. Bitte wählen Sie eine andere Zeit.'
),
(
    'booking.arrived', 'customer', null, 'en', '{{business_name}} is there',
    '{{staff_names}} of {{business_name}} has arrived.'
),
(
    'booking.arrived', 'customer', null, 'de', '{{business_name}} ist da',
    '{{staff_names}} von {{business_name}} ist angekommen.'
),
(
    'booking.no_show', 'customer', null, 'en', 'We missed you',
    e'You did not come to {{service_names}} at {{business_name}}, {{starts_at}}. If that is a mistake, please call: {{business_phone}}\nFee: {{fee}}'
),
(
    'booking.no_show', 'customer', null, 'de', 'Wir haben Sie vermisst',
    e'Sie sind zu {{service_names}} bei {{business_name}}, {{starts_at}}, nicht gekommen. Wenn das ein Irrtum ist, rufen Sie bitte an: {{business_phone}}\nGebühr: {{fee}}'
),
(
    'booking.completed', 'customer', null, 'en', 'How was {{business_name}}?',
    'Thank you for your visit. Tell others how {{service_names}} was.'
),
(
    'booking.completed', 'customer', null, 'de', 'Wie war {{business_name}}?',
    'Danke für Ihren Besuch. Sagen Sie anderen, wie {{service_names}} war.'
),
(
    'reminder.day', 'customer', null, 'en', 'Tomorrow: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.day', 'customer', null, 'de', 'Morgen: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.day', 'customer', 'mail', 'en', 'Tomorrow at {{business_name}}',
    e'Hello {{customer_name}},\n\nwe look forward to seeing you.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nWith: {{staff_names}}\nWhere: {{address}}\nPrice: {{total}}\nReference: {{reference}}\nPhone: {{business_phone}}'
),
(
    'reminder.day', 'customer', 'mail', 'de', 'Morgen bei {{business_name}}',
    e'Guten Tag {{customer_name}},\n\nwir freuen uns auf Sie.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBei: {{staff_names}}\nWo: {{address}}\nPreis: {{total}}\nBuchungsnummer: {{reference}}\nTelefon: {{business_phone}}'
),
(
    'reminder.hour', 'customer', null, 'en', 'In an hour: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.hour', 'customer', null, 'de', 'In einer Stunde: {{service_names}}',
    '{{business_name}}, {{starts_at}}. {{address}}'
),
(
    'reminder.hour', 'staff', null, 'en', 'In an hour: {{service_names}}',
    '{{customer_name}}, {{starts_at}}.'
),
(
    'reminder.hour', 'staff', null, 'de', 'In einer Stunde: {{service_names}}',
    '{{customer_name}}, {{starts_at}}.'
),
(
    'waitlist.offered', 'customer', null, 'en', '{{service_names}} is free on {{starts_at}}',
    E'Hello {{customer_name}},\n\nwhat you wait for has become free: {{service_names}} with {{staff_names}} at {{business_name}} on {{starts_at}}.\nIt is held for you until {{expires_at}}; then it is the next one''s turn.'
),
(
    'waitlist.offered', 'customer', null, 'de', '{{service_names}} ist am {{starts_at}} frei',
    E'Guten Tag {{customer_name}},\n\nfrei geworden ist, worauf Sie warten: {{service_names}} mit {{staff_names}} bei {{business_name}} am {{starts_at}}.\nDer Termin ist bis {{expires_at}} für Sie reserviert; danach ist der Nächste an der Reihe.'
),
(
    'offer.made', 'customer', null, 'en', '{{business_name}}: {{title}}',
    '{{body}}'
),
(
    'offer.made', 'customer', null, 'de', '{{business_name}}: {{title}}',
    '{{body}}'
),
(
    'auth.signup', 'customer', null, 'en', 'Confirm your address',
    e'Confirm your address.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not ask for this, do nothing.'
),
(
    'auth.signup', 'customer', null, 'de', 'Bestätigen Sie Ihre Adresse',
    e'Bestätigen Sie Ihre Adresse.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, tun Sie nichts.'
),
(
    'auth.invite', 'customer', null, 'en', 'You are invited',
    e'You are invited.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not ask for this, do nothing.'
),
(
    'auth.invite', 'customer', null, 'de', 'Sie sind eingeladen',
    e'Sie sind eingeladen.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, tun Sie nichts.'
),
(
    'auth.magiclink', 'customer', null, 'en', 'Your way in',
    e'Your way in.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not ask for this, do nothing.'
),
(
    'auth.magiclink', 'customer', null, 'de', 'Ihre Anmeldung',
    e'Ihre Anmeldung.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, tun Sie nichts.'
),
(
    'auth.recovery', 'customer', null, 'en', 'Choose a new password',
    e'Choose a new password.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not ask for this, do nothing.'
),
(
    'auth.recovery', 'customer', null, 'de', 'Wählen Sie ein neues Passwort',
    e'Wählen Sie ein neues Passwort.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, tun Sie nichts.'
),
(
    'auth.email_change', 'customer', null, 'en', 'Confirm your new address',
    e'Confirm your new address.\n\nFollow this link:\n{{link}}\n\nOr enter this code: {{code}}\nBoth are valid for {{minutes}} minutes. If you did not ask for this, do nothing.'
),
(
    'auth.email_change', 'customer', null, 'de', 'Bestätigen Sie Ihre neue Adresse',
    e'Bestätigen Sie Ihre neue Adresse.\n\nFolgen Sie diesem Link:\n{{link}}\n\nOder geben Sie diesen Code ein: {{code}}\nBeides gilt {{minutes}} Minuten. Wenn Sie das nicht angefordert haben, tun Sie nichts.'
),
(
    'auth.reauthentication', 'customer', null, 'en', 'Your code',
    e'{{code}}\nValid for {{minutes}} minutes. Nobody of ours will ever ask you for it.'
),
(
    'auth.reauthentication', 'customer', null, 'de', 'Ihr Code',
    e'{{code}}\nGültig für {{minutes}} Minuten. Niemand von uns wird Sie je danach fragen.'
),
(
    'auth.guest_booking', 'customer', null, 'en', '{{code}}: your booking at {{business_name}}',
    e'{{code}}\nValid for {{minutes}} minutes. Whoever has this code can confirm, move or cancel the booking.\n\nWhat: {{service_names}}\nWhen: {{starts_at}}\nReference: {{reference}}\n\nIf this was not you, you need not do anything: without the code the time is free again soon.'
),
(
    'auth.guest_booking', 'customer', null, 'de', '{{code}}: Ihre Buchung bei {{business_name}}',
    e'{{code}}\nGültig für {{minutes}} Minuten. Wer diesen Code hat, kann die Buchung bestätigen, verlegen oder absagen.\n\nWas: {{service_names}}\nWann: {{starts_at}}\nBuchungsnummer: {{reference}}\n\nWenn Sie das nicht waren, brauchen Sie nichts zu tun: ohne den Code ist die Zeit bald wieder frei.'
),
(
    'auth.sms', 'customer', null, 'en', 'Your code',
    e'{{code}}\nValid for {{minutes}} minutes. Nobody of ours will ever ask you for it.'
),
(
    'auth.sms', 'customer', null, 'de', 'Ihr Code',
    e'{{code}}\nGültig für {{minutes}} Minuten. Niemand von uns wird Sie je danach fragen.'
),
(
    'auth.phone_change', 'customer', null, 'en', 'Your code',
    e'{{code}}\nValid for {{minutes}} minutes. Nobody of ours will ever ask you for it.'
),
(
    'auth.phone_change', 'customer', null, 'de', 'Ihr Code',
    e'{{code}}\nGültig für {{minutes}} Minuten. Niemand von uns wird Sie je danach fragen.'
),
(
    'auth.password_changed', 'customer', null, 'en', 'Your password was changed',
    e'Your password was changed.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.password_changed', 'customer', null, 'de', 'Ihr Passwort wurde geändert',
    e'Ihr Passwort wurde geändert.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.email_changed', 'customer', null, 'en', 'Your e-mail address was changed',
    e'Your e-mail address was changed.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.email_changed', 'customer', null, 'de', 'Ihre E-Mail-Adresse wurde geändert',
    e'Ihre E-Mail-Adresse wurde geändert.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.phone_changed', 'customer', null, 'en', 'Your phone number was changed',
    e'Your phone number was changed.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.phone_changed', 'customer', null, 'de', 'Ihre Telefonnummer wurde geändert',
    e'Ihre Telefonnummer wurde geändert.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.new_sign_in', 'customer', null, 'en', 'A new sign-in to your account',
    e'A new sign-in to your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.new_sign_in', 'customer', null, 'de', 'Eine neue Anmeldung bei Ihrem Konto',
    e'Eine neue Anmeldung bei Ihrem Konto.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.factor_added', 'customer', null, 'en', 'A second factor was added to your account',
    e'A second factor was added to your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.factor_added', 'customer', null, 'de', 'Ihr Konto hat einen weiteren Faktor',
    e'Ihr Konto hat einen weiteren Faktor.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.factor_removed', 'customer', null, 'en', 'A second factor was removed from your account',
    e'A second factor was removed from your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.factor_removed', 'customer', null, 'de', 'Ihr Konto hat einen Faktor weniger',
    e'Ihr Konto hat einen Faktor weniger.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.recovery_codes_made', 'customer', null, 'en', 'Recovery codes were made for your account',
    e'Recovery codes were made for your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.recovery_codes_made', 'customer', null, 'de', 'Für Ihr Konto wurden Wiederherstellungscodes gemacht',
    e'Für Ihr Konto wurden Wiederherstellungscodes gemacht.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.recovery_code_used', 'customer', null, 'en', 'A recovery code of your account was used',
    e'A recovery code of your account was used.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.recovery_code_used', 'customer', null, 'de', 'Ein Wiederherstellungscode Ihres Kontos wurde benutzt',
    e'Ein Wiederherstellungscode Ihres Kontos wurde benutzt.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
),
(
    'auth.identity_linked', 'customer', null, 'en', 'Another way to sign in to your account',
    e'Another way to sign in to your account.\n\nWhen: {{at}}\nFrom: {{ip}}\nWith: {{agent}}\n\nIf that was not you, choose a new password at once.'
),
(
    'auth.identity_linked', 'customer', null, 'de', 'Ein weiterer Weg in Ihr Konto',
    e'Ein weiterer Weg in Ihr Konto.\n\nWann: {{at}}\nVon: {{ip}}\nMit: {{agent}}\n\nWenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
