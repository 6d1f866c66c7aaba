-- Somebody with 10,000 rows, among ten times as many of others.
set session_replication_role = replica;

insert into engagement.notifications (id, user_id, event, title, body)
select
    gen_random_uuid(),
    case when n % 10 = 0 then '00000000-0000-4000-8000-000000000001'::uuid else md5('other ' || n % 1000)::uuid end,
    'booking.confirmed',
    'Your booking is confirmed',
    repeat('Some words about it. ', 5)
from generate_series(1, 40000) as n;

insert into identity.activity_events (user_id, kind, ip, user_agent)
select
    case when n % 10 = 0 then '00000000-0000-4000-8000-000000000001'::uuid else md5('other ' || n % 1000)::uuid end,
    'signed_in',
    '203.0.113.9',
    'A browser of some kind, in some version'
from generate_series(1, 40000) as n;

insert into engagement.notification_deliveries (
    message_id, event, audience, channel, subject, subject_id, user_id, address, locale, data, status
)
select
    gen_random_uuid(),
    'booking.confirmed',
    'customer',
    'mail',
    'booking',
    gen_random_uuid(),
    case when n % 10 = 0 then '00000000-0000-4000-8000-000000000001'::uuid else md5('other ' || n % 1000)::uuid end,
    'somebody@example.com',
    'en',
    '{"customer_name": "Somebody", "service_name": "Cut"}',
    'sent'
from generate_series(1, 20000) as n;

set session_replication_role = origin;
analyze;
