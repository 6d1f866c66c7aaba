-- Somebody is exported and erased: nothing of them is left but what must be kept, and everybody
-- else and every figure stays as it was.
begin;
select plan(44);

/* Sign in just now, as privacy.require_recent_sign_in wants it. */
create function tests.act_as_fresh(called text, signed_in_at timestamptz)
returns void
language sql
volatile
as $$
select tests.act_as(called);
select set_config(
    'request.jwt.claims',
    (current_setting('request.jwt.claims')::jsonb || jsonb_build_object('amr', jsonb_build_array(
        jsonb_build_object('method', 'password', 'timestamp', extract(epoch from signed_in_at)::bigint)
    )))::text,
    true
);
$$;

select tests.at('2031-03-03T08:00Z');
select tests.person('Nora');
select tests.person('Ada');
select tests.person('Cleo');
select tests.person('Clara');
select identity.set_platform_role(tests.id('Ada'), 'admin');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Ada');
select tests.service('Cut', 'Loft');
select tests.resource('Nadia', 'Loft');
select tests.takes('Cut', 'Nadia');
select tests.hours('Loft');
update auth.users
set phone = '4917012345', phone_confirmed_at = now(), raw_user_meta_data = '{"full_name": "Cleo Quast"}'
where id = tests.id('Cleo');
update identity.profiles set full_name = 'Cleo Quast', phone = '+4917012345' where id = tests.id('Cleo');
update identity.profiles set full_name = 'Clara Other' where id = tests.id('Clara');

select tests.act_as('Cleo');
insert into public.addresses (recipient, line1, city, country) values ('Cleo Quast', 'Quaststrasse 7', 'Berlin', 'DE');
select public.book(
    tests.id('Cut')::text, '2031-03-04T10:00Z', notes => 'Cleo Quast is allergic', idempotency_key => 'k1'
);
select public.book(tests.id('Cut')::text, '2031-03-05T10:00Z');
select public.cancel_booking(
    (select id::text from public.bookings where starts_at = '2031-03-05T10:00Z'), 'Cleo Quast is ill'
);
select tests.act_as('Clara');
select public.book(tests.id('Cut')::text, '2031-03-04T12:00Z', notes => 'Clara only');
select tests.act_as('Nora');
select public.book_for(
    service_id => tests.id('Cut')::text, starts_at => '2031-03-04T14:00Z', customer_name => 'Cleo Quast',
    customer_email => 'Cleo@example.com', customer_phone => '+4917012345'
);
insert into public.booking_notes (business_id, booking_id, body)
select business_id, id, 'Call Cleo Quast at +4917012345' from public.bookings where starts_at = '2031-03-04T10:00Z';
select tests.act_as_owner();
insert into engagement.notification_deliveries (
    message_id, event, audience, channel, business_id, subject, subject_id, user_id, address, locale, data, status, reason
)
select
    gen_random_uuid(), 'booking.confirmed', told.audience::engagement.audience, 'mail', bookings.business_id, 'booking',
    bookings.id, told.user_id, told.address, 'en', jsonb_build_object('customer_name', bookings.customer_name), 'failed',
    'refused: ' || told.address
from scheduling.bookings
cross join lateral (
    values
    ('customer', bookings.customer_id, bookings.customer_email),
    ('business', tests.id('Nora'), 'nora@example.com')
) as told (audience, user_id, address);
insert into engagement.notifications (id, user_id, business_id, subject, subject_id, event, title, body)
select gen_random_uuid(), tests.id('Nora'), business_id, 'booking', id, 'booking.confirmed', 'New booking', customer_name || ' comes'
from scheduling.bookings;
insert into private.effects (message_id, effect, result)
select id, 'send', jsonb_build_object('to', address) from engagement.notification_deliveries;
insert into identity.activity_events (user_id, kind, ip, user_agent)
values (tests.id('Cleo'), 'signed_in', '203.0.113.77', 'CleoPhone');
insert into auth.audit_log_entries (id, payload, created_at)
values (gen_random_uuid(), jsonb_build_object('action', 'login', 'actor_id', tests.id('Cleo'), 'actor_username', 'cleo@example.com'), now());
insert into auth.sessions (id, user_id, ip, user_agent) values (gen_random_uuid(), tests.id('Cleo'), '203.0.113.77', 'CleoPhone');
select pgmq.send('mail', '{"args": [{"to": "cleo@example.com"}]}'::jsonb);
select pgmq.send('mail', '{"args": [{"to": "clara@example.com"}]}'::jsonb);
select pgmq.archive('mail', pgmq.send('mail', '{"args": [{"name": "Cleo Quast"}]}'::jsonb));
insert into storage.objects (bucket_id, name, owner_id, user_metadata)
values ('originals', tests.id('Cleo') || '/face.png', tests.id('Cleo')::text, '{"name": "Cleo Quast"}');
create temporary table figures as select * from analytics.daily_bookings;
create temporary table money_before as
select
    (select jsonb_agg(to_jsonb(sale_lines) order by id) from sales.sale_lines) as lines,
    (select count(*) from customers.customers) as customers,
    (select jsonb_agg(to_jsonb(ledger_balances)) from public.ledger_balances) as balances;

-- Who may ask.
select tests.act_as_anon();
select throws_ok($$ select public.export_person() $$, 'PT401', 'Sign in first.', 'nobody exports without signing in');
select throws_ok($$ select public.erase_person() $$, 'PT401', 'Sign in first.', 'or erases');
select tests.act_as('Clara');
select throws_ok(
    $$ select public.export_person(user_id => tests.id('Cleo')::text) $$, 'PT403',
    'Only the platform''s staff may do this.', 'nobody exports somebody else'
);
select throws_ok(
    $$ select public.erase_person(email => 'cleo@example.com') $$, 'PT403',
    'Only the platform''s staff may do this.', 'or erases them'
);
select tests.act_as_owner();
create temporary table known as
select id from customers.customers where user_id = tests.id('Cleo') and business_id = tests.id('Loft');
grant select on known to authenticated;
select tests.act_as('Ada');
select tests.act_as('Clara');
select throws_ok(
    $$ select public.export_person(customer_id => (select id::text from known)) $$, 'PT404',
    null, 'a customer of a business is exported by its members alone'
);
select tests.act_as('Cleo');
select throws_ok(
    $$ select public.erase_person() $$, 'PT401', 'Sign in again to erase your account.',
    'an old sign-in is not enough to be erased'
);
select tests.act_as_fresh('Cleo', '2031-03-03T07:49Z'::timestamptz);
select throws_ok(
    $$ select public.erase_person() $$, 'PT401', 'Sign in again to erase your account.',
    'eleven minutes are old'
);
select tests.act_as_fresh('Cleo', '2031-03-03T07:55Z'::timestamptz);
select throws_ok(
    $$ select public.erase_person() $$, 'PT409', 'There are bookings ahead.', 'bookings ahead are cancelled first'
);
select tests.act_as_fresh('Nora', '2031-03-03T07:55Z'::timestamptz);
select throws_ok(
    $$ select public.erase_person() $$, 'PT409', 'The last owner of a business cannot be erased.',
    'an owner does not leave a business alone'
);

-- Export.
select tests.act_as('Cleo');
select is((public.export_person()).state, 'waiting', 'a person asks for their data');
select is(
    (public.export_person()).id, (select id from public.privacy_requests), 'asking again is the same request'
);
select tests.act_as('Clara');
select is_empty($$ select 1 from public.privacy_requests $$, 'nobody else sees it');
select throws_ok(
    $$ select privacy.start_export(gen_random_uuid()) $$, '42501', null, 'the document is for workers alone'
);
select tests.act_as_owner();
create temporary table asked as select id from privacy.requests;
grant select on asked to worker, authenticated;
create temporary table document as select privacy.start_export((select id from asked)) as body;
select results_eq(
    $$ select jsonb_array_length(body -> 'tables' -> 'scheduling.bookings') from document $$,
    $$ values (3) $$, 'the export has the bookings, and the one that a member wrote down for the proven address'
);
select ok(
    (select body::text ~ 'allergic' and body::text ~ 'Quaststrasse' and body::text ~ 'is ill' from document),
    'it has what they wrote'
);
select ok((select body::text !~ 'Clara' from document), 'and nothing about others');
select ok(
    (select body #>> '{account,email}' = 'cleo@example.com' from document), 'it has the account'
);
select tests.act_as_role('worker');
select privacy.finish_export((select id from asked), 'a/file.json');
select is(privacy.start_export((select id from asked)), null, 'a worker exports once');
select tests.act_as_owner();
insert into storage.objects (bucket_id, name) values ('exports', 'a/file.json');
select tests.act_as('Cleo');
select results_eq(
    $$ select state, object_name, expires_at from public.privacy_requests $$,
    $$ values ('done'::privacy.request_state, 'a/file.json', '2031-03-06T08:00Z'::timestamptz) $$,
    'the person is told where it lies, and until when'
);
select isnt_empty($$ select 1 from storage.objects where bucket_id = 'exports' $$, 'they may fetch it');
select tests.act_as('Nora');
select is_empty($$ select 1 from storage.objects where bucket_id = 'exports' $$, 'nobody else may');
select tests.at('2031-03-06T08:00Z');
select tests.act_as('Cleo');
select is_empty($$ select 1 from storage.objects where bucket_id = 'exports' $$, 'and nobody once it has expired');

-- Erasure, after the visit.
select tests.act_as_owner();
drop table document;
select tests.at('2031-03-10T08:00Z');
select tests.act_as_fresh('Cleo', '2031-03-10T08:00Z'::timestamptz);
select is((public.erase_person()).due_at, '2031-03-17T08:00Z'::timestamptz, 'erasing waits a week');
select is(
    (public.cancel_erasure((select id::text from public.privacy_requests where kind = 'erasure'))).state, 'cancelled',
    'until then they may change their mind'
);
select throws_ok(
    $$ select public.cancel_erasure((select id::text from public.privacy_requests where kind = 'erasure')) $$,
    'PT409', 'This request is not waiting any more.', 'but once'
);
select lives_ok($$ select public.erase_person() $$, 'and ask again');
select tests.act_as_owner();
delete from asked;
insert into asked select id from privacy.requests where kind = 'erasure' and state = 'waiting';
select tests.act_as_role('worker');
select is(privacy.run_erasure((select id from asked)), false, 'a worker does not come too early');
select tests.at('2031-03-17T08:00Z');
select is(
    privacy.due_requests(), (select jsonb_build_array(id) from asked), 'when the week is over, it is due'
);
select is(privacy.run_erasure((select id from asked)), true, 'the worker erases');
select is(privacy.run_erasure((select id from asked)), false, 'once');

select tests.act_as_owner();
select is((select state from privacy.requests where id = (select id from asked)), 'erased', 'it is noted');
select is_empty($$ select tests.finds('cleo@example.com') $$, 'the mail address is nowhere');
select is_empty($$ select tests.finds('4917012345') $$, 'the phone number is nowhere');
select is_empty($$ select tests.finds('Quast') $$, 'the name and the street are nowhere');
select is_empty($$ select tests.finds('203.0.113.77') union all select tests.finds('CleoPhone') $$, 'the network address and the device are nowhere');
select isnt_empty($$ select tests.finds('clara@example.com') $$, 'somebody else is found as before: the search finds what there is');
select results_eq(
    $$ select * from analytics.daily_bookings order by 1, 2, 3, 4 $$,
    $$ select * from figures order by 1, 2, 3, 4 $$, 'figures stay what they were'
);
select results_eq(
    $$ select
           (select jsonb_agg(to_jsonb(sale_lines) order by id) from sales.sale_lines),
           (select count(*) from customers.customers),
           (select jsonb_agg(to_jsonb(ledger_balances)) from public.ledger_balances) $$,
    $$ select * from money_before $$, 'so do sales, customers and the ledger'
);
select is(
    (select count(*) from pgmq.q_mail where message::text ~ 'clara'), 1::bigint, 'messages to others wait as before'
);
select tests.act_as('Cleo');
select throws_ok(
    $$ insert into public.addresses (recipient, line1, city, country) values ('C', 'S', 'B', 'DE') $$, 'PT401',
    'This account no longer exists.', 'a token that is still valid writes nothing'
);
select tests.act_as('Nora');
select results_eq(
    $$ select count(*), count(*) filter (where customer_email is null) from public.bookings $$,
    $$ values (4::bigint, 3::bigint) $$, 'the business keeps the bookings, without the person'
);

-- A business forgets a customer, whose account stays.
select tests.act_as_owner();
delete from known;
insert into known
select id from customers.customers where user_id = tests.id('Clara') and business_id = tests.id('Loft');
select tests.act_as('Nora');
select lives_ok(
    $$ select public.erase_person(customer_id => (select id::text from known)) $$, 'an owner has a customer erased'
);
select tests.act_as_owner();
select privacy.run_erasure(id) from privacy.requests where customer_id = (select id from known);
select is_empty($$ select tests.finds('Clara only') $$, 'the business''s rows are empty');
select ok(
    exists (select from auth.users where email = 'clara@example.com') and exists (select from identity.profiles where full_name = 'Clara Other'),
    'the account is as before'
);

select * from finish();
rollback;
