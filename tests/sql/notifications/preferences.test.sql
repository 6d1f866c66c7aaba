-- What readers decide: what they hear of, when their phone is silent, and whose offers they want.
begin;
select plan(39);

select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('customer');
select tests.person('rival');
update identity.profiles set phone = '+491700000001' where profiles.id = tests.id('customer');
select tests.business('Salon', 'owner');
select tests.member('ann', 'Salon', 'staff');
select tests.resource('Ann', 'Salon');
update catalog.resources set member_id = business_members.id
from business.business_members
where business_members.user_id = tests.id('ann');
select tests.hours('Salon');
select tests.service('Cut', 'Salon');
select tests.takes('Cut', 'Ann');

create function pg_temp.planned()
returns jsonb
language sql
security definer
as $$
    select engagement.plan(jsonb_agg(jsonb_build_object(
        'message_id', queued.message -> 'message_id',
        'topic', queued.message -> 'kwargs' -> 'topic',
        'payload', queued.message -> 'kwargs' -> 'payload'
    )))
    from (
        select message from pgmq.q_notifications union all select message from pgmq.q_reminders
    ) as queued
$$;
create function pg_temp.booking()
returns text
language sql
security definer
as $$ select bookings.id::text from scheduling.bookings $$;
create function pg_temp.delivery(wanted_event text, wanted_channel text)
returns engagement.notification_deliveries
language sql
security definer
as $$
    select notification_deliveries
    from engagement.notification_deliveries
    where event = $1 and channel::text = $2 and audience = 'customer'
$$;
grant execute on all functions in schema pg_temp to authenticated;

-- Preferences
select tests.act_as('customer');
select lives_ok(
    $$ select public.set_notification_preference('reminder.day', 'mail', 'false') $$,
    'a customer wants no reminder by mail'
);
select lives_ok(
    $$ select public.set_notification_preference('*', 'push', 'false') $$, 'and no pushes at all'
);
select lives_ok(
    $$ select public.set_notification_preference('reminder.hour', 'push', 'true') $$,
    'but for the last hour'
);
select throws_ok(
    $$ select public.set_notification_preference('weather', 'mail', 'false') $$,
    'PT404', 'There is no such event.', 'nobody hears of the weather anyway'
);
select throws_ok(
    $$ select public.set_notification_preference('reminder.day', 'pigeon', 'false') $$,
    'PT400', null, 'nor by pigeon'
);
select lives_ok(
    $$ select public.register_device('phone-1', 'ios') $$, 'the customer registers a phone'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z') $$, 'and books'
);
select tests.act_as_owner();
select pg_temp.planned();
select pg_temp.planned();
select is(
    (pg_temp.delivery('booking.confirmed', 'push')).status, 'queued', 'what must be told is told all the same'
);
select is((pg_temp.delivery('reminder.day', 'mail')).status, 'skipped', 'what is not wanted is skipped');
select is((pg_temp.delivery('reminder.day', 'mail')).reason, 'switched off', 'and says so');
select is((pg_temp.delivery('reminder.day', 'push')).status, 'skipped', 'all pushes are off');
select is((pg_temp.delivery('reminder.hour', 'push')).status, 'queued', 'but the one that is wanted');

-- Reminders
select is((select count(*) from engagement.reminders), 2::bigint, 'two reminders wait');
select is(
    (select array_agg(reminders.due_at order by reminders.due_at) from engagement.reminders),
    array['2031-05-04 09:00Z', '2031-05-05 08:00Z']::timestamptz[], 'a day and an hour before'
);
select tests.act_as('customer');
select public.reschedule_booking(pg_temp.booking(), '2031-05-02T10:00:00Z');
select tests.act_as_owner();
select tests.at('2031-05-01 08:00Z');
select is(
    engagement.start_deliveries(array[(pg_temp.delivery('reminder.hour', 'push')).id]) -> 'jobs', '[]',
    'a reminder of a booking that moved is not sent'
);
select is(
    (pg_temp.delivery('reminder.hour', 'push')).reason, 'no longer so', 'and says so'
);


-- Statistics, by what became of each
select results_eq(
    $$ select business_id, status::text, deliveries, attempts from analytics.notification_stats
       where event = 'reminder.hour' and channel = 'push' $$,
    $$ values (tests.id('Salon'), 'skipped', 2::bigint, 0::bigint) $$,
    'messages that were not sent are counted as such'
);
select is(
    (select sum(notification_stats.deliveries) from analytics.notification_stats),
    (select count(*)::numeric from engagement.notification_deliveries), 'each is counted once'
);
select tests.act_as_role('analyst');
select isnt_empty('select 1 from analytics.notification_stats', 'analysts read them');
select tests.act_as('customer');
select throws_ok(
    'select 1 from analytics.notification_stats', '42501', null, 'customers do not'
);

-- Reminders whose time has passed
select tests.act_as('rival');
select tests.at('2031-05-02 15:30Z');
select public.book(tests.id('Cut')::text, '2031-05-02T16:00:00Z');
select tests.act_as_owner();
select pg_temp.planned();
select is(
    (
        select count(*)
        from engagement.reminders
        inner join scheduling.bookings on bookings.id = reminders.subject_id
        where bookings.customer_id = tests.id('rival')
    ), 0::bigint, 'who books half an hour ahead is not reminded'
);
select isnt_empty(
    $$ select 1 from engagement.notification_deliveries
       where event = 'booking.confirmed' and user_id = tests.id('rival') $$, 'only told'
);
select tests.act_as('rival');
select public.cancel_booking(bookings.id::text) from public.bookings;
select tests.act_as_owner();
delete from scheduling.bookings where bookings.customer_id = tests.id('rival');
select is_empty(
    $$ select 1 from engagement.notification_deliveries where user_id = tests.id('rival') $$,
    'what was told of a booking goes with the booking'
);
select tests.at('2031-05-01 08:00Z');

-- Quiet hours
select tests.act_as('customer');
select throws_ok(
    $$ select public.set_quiet_hours('22:00') $$, 'PT400', null, 'quiet hours have a beginning and an end'
);
select throws_ok(
    $$ select public.set_quiet_hours('22:00', '25:00') $$, 'PT400', null, 'of the clock'
);
select lives_ok(
    $$ select public.set_quiet_hours('22:00', '09:00') $$, 'and may run over midnight'
);
update public.profiles set time_zone = 'Europe/Berlin' where profiles.id = tests.id('customer');
select tests.act_as_owner();
select tests.at('2031-05-01 06:30Z');
select is(
    engagement.quiet_until(tests.id('customer')), '2031-05-01 07:00Z'::timestamptz,
    'in the morning they end at nine of the customer''s zone'
);
select tests.at('2031-05-01 20:30Z');
select is(
    engagement.quiet_until(tests.id('customer')), '2031-05-02 07:00Z'::timestamptz,
    'in the evening at nine of the next day'
);
select tests.at('2031-05-01 07:00Z');
select is(engagement.quiet_until(tests.id('customer')), null, 'at nine they are over');
select is(engagement.quiet_until(tests.id('owner')), null, 'others have none');

-- Devices
select tests.act_as('rival');
select public.register_device('phone-1', 'ios');
select is((select count(*) from public.devices), 1::bigint, 'a phone belongs to who used it last');
select tests.act_as('customer');
select is_empty('select * from public.devices', 'and to nobody else');
select public.forget_device('phone-1');
select tests.act_as('rival');
select is((select count(*) from public.devices), 1::bigint, 'who cannot forget it for them');

-- Offers
select tests.act_as('customer');
select public.set_consent(tests.id('Salon')::text, 'marketing', 'true');
select tests.act_as('ann');
select throws_ok(
    $$ select public.send_offer(tests.id('Salon')::text, 'Spring', 'Half price') $$,
    'PT403', null, 'staff makes no offers'
);
select tests.act_as('owner');
select is(
    public.send_offer(tests.id('Salon')::text, 'Spring', 'Half price'), 1::bigint,
    'an owner does, to those who consented'
);
select tests.act_as_owner();
select pg_temp.planned();
create temporary table mail as
select engagement.start_deliveries(array[(pg_temp.delivery('offer.made', 'mail')).id]) #> '{jobs,0}' as job;
select isnt((select mail.job ->> 'unsubscribe_token' from mail), null, 'the mail has a way out');
create temporary table token as select mail.job ->> 'unsubscribe_token' as value from mail;
grant select on token to anon;
select tests.act_as_anon();
select lives_ok(
    $$ select public.unsubscribe((select token.value from token)) $$, 'which works without signing in'
);
select lives_ok(
    $$ select public.unsubscribe('00000000-0000-4000-8000-000000000000') $$, 'and tells nothing about others'
);
select tests.act_as('owner');
select is(
    public.send_offer(tests.id('Salon')::text, 'Summer', 'Half price'), 0::bigint, 'from then on nobody is told'
);

select * from finish();
rollback;
