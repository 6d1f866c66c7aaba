-- What may be said, by whom, in which language; and who may say that they have arrived.
begin;
select plan(21);

select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('ben');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.business('Spa', 'rival');
select tests.member('ann', 'Salon', 'staff'), tests.member('ben', 'Salon', 'staff');
select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon');
update catalog.resources set member_id = business_members.id
from business.business_members
where business_members.user_id = tests.id(lower(resources.name));
select tests.hours('Salon');
select tests.service('Cut', 'Salon');
select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben');
update identity.profiles set locale = 'de-AT' where profiles.id = tests.id('customer');

create function pg_temp.save(body text, locale text default 'de', channel text default null)
returns text
language sql
as $$
    select (public.save_notification_template(
        tests.id('Salon')::text, 'booking.confirmed', 'customer', locale, 'Servus', body, channel
    )).id::text
$$;
create function pg_temp.words(wanted_channel identity.notification_channel)
returns text
language sql
security definer
as $$
    select (engagement.choose_template(notification_deliveries)).body
    from engagement.notification_deliveries
    where event = 'booking.confirmed' and audience = 'customer' and channel = $1
$$;
create function pg_temp.booking()
returns text
language sql
security definer
as $$ select bookings.id::text from scheduling.bookings $$;
grant execute on all functions in schema pg_temp to authenticated;

-- Words that there are
select tests.act_as('owner');
select lives_ok($$ select pg_temp.save('Bis {{starts_at}}!') $$, 'an owner says it in their own words');
select throws_ok(
    $$ select pg_temp.save('Bis {{begins_at}}!') $$, 'PT400', null, 'a word that there is not is refused at once'
);
select throws_ok($$ select pg_temp.save('{{ starts_at') $$, 'PT400', null, 'so is half a word');
select throws_ok($$ select pg_temp.save('{% if 1 %}') $$, 'PT400', null, 'and anything cleverer');
select throws_ok(
    $$ select pg_temp.save('Hallo', 'de', 'sms') $$, 'PT400', null,
    'and words for a channel on which nobody hears of it'
);
select tests.act_as_owner();
select throws_ok(
    $$ update engagement.notification_templates set body = '{{nonsense}}' $$, 'PT400', null,
    'the operator is refused as well'
);
select tests.act_as('ann');
select throws_ok($$ select pg_temp.save('Hallo') $$, 'PT403', null, 'staff does not choose the words');
select tests.act_as('rival');
select throws_ok($$ select pg_temp.save('Hallo') $$, 'PT403', null, 'another business even less');
select is_empty(
    'select * from public.notification_templates where business_id is not null', 'nor reads them'
);

-- Which words
select tests.act_as('customer');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text);
select tests.act_as_owner();
select engagement.plan(jsonb_agg(jsonb_build_object(
    'message_id', q_notifications.message -> 'message_id',
    'topic', q_notifications.message -> 'kwargs' -> 'topic',
    'payload', q_notifications.message -> 'kwargs' -> 'payload'
)))
from pgmq.q_notifications;
select is(pg_temp.words('in_app'), 'Bis {{starts_at}}!', 'the business''s own words, in the reader''s language');
select is(pg_temp.words('mail'), 'Bis {{starts_at}}!', 'count before the platform''s for the channel');
select tests.act_as('owner');
select lives_ok($$ select pg_temp.save('Servas', 'de-AT') $$, 'a reader''s very own dialect');
select tests.act_as_owner();
select is(pg_temp.words('in_app'), 'Servas', 'counts first');
update identity.profiles set locale = 'ja' where profiles.id = tests.id('customer');
update engagement.notification_deliveries set locale = 'ja';
select matches(pg_temp.words('mail'), '^Hello', 'who reads another language reads English');

-- Arriving
select tests.act_as('customer');
select throws_ok(
    $$ select public.mark_arrived(pg_temp.booking()) $$, 'PT403', null, 'a customer does not arrive'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.mark_arrived(pg_temp.booking()) $$, 'PT404', null, 'somebody else sees no booking'
);
select tests.act_as('ben');
select throws_ok(
    $$ select public.mark_arrived(pg_temp.booking()) $$, 'PT403', null, 'a colleague does not arrive'
);
select tests.act_as('ann');
select lives_ok($$ select public.mark_arrived(pg_temp.booking()) $$, 'whoever gives the service does');
select lives_ok($$ select public.mark_arrived(pg_temp.booking()) $$, 'and may say so twice');
select tests.act_as_owner();
select is(
    (
        select count(*) from pgmq.q_notifications
        where q_notifications.message -> 'kwargs' ->> 'topic' = 'booking.arrived'
    ),
    1::bigint, 'but is announced once'
);
select tests.act_as('owner');
select public.cancel_booking(pg_temp.booking());
select tests.act_as('ann');
select throws_ok(
    $$ select public.mark_arrived(pg_temp.booking()) $$, 'PT409', null, 'nobody arrives for what was cancelled'
);

select * from finish();
rollback;
