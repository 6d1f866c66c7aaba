-- What clients hear of at once, who may hear it, and that only the database says it.
begin;
select plan(39);

-- Given a salon, its people, a customer, and somebody of another salon
select tests.at('2031-05-05 08:00Z');
select tests.person(called)
from unnest('{owner,ann,accountant,customer,rival}'::text[]) as called;
select tests.business('Salon', 'owner');
select tests.member('ann', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.business('Other', 'rival');
select tests.resource('Chair', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Chair');

/* Whether somebody who joins a topic may hear broadcasts on it, as Realtime asks: by a probe. */
create function tests.hears(topic text, extension text default 'broadcast') returns boolean
language plpgsql security invoker set search_path = '' as $$
declare
    v_hears boolean;
begin
    perform set_config('realtime.topic', hears.topic, true);
    select exists (
        select 1
        from realtime.messages
        where messages.topic = hears.topic and messages.extension = hears.extension
    ) into v_hears;
    return v_hears;
end;
$$;
grant execute on function tests.hears(text, text) to anon, authenticated;

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;

/* Topics and payloads of an event, without the message's own id. */
create function tests.heard(event text) returns table (topic text, payload jsonb)
language sql stable security definer set search_path = ''
as $$
    select messages.topic, messages.payload - 'id'
    from realtime.messages
    where messages.event = heard.event and messages.private
    order by messages.topic
$$;

-- A booking is heard of by the business and on its own topic
select tests.act_as('customer');
select tests.note('booking', (public.book(tests.id('Cut')::text, '2031-05-06T10:00:00Z')).id);
select tests.act_as_owner();
select results_eq(
    $$ select topic from tests.heard('booking.confirmed') $$,
    array['booking:' || tests.id('booking'), 'business:' || tests.id('Salon')],
    'a new booking is heard of on its own topic and on that of the business'
);
select is(
    (select payload from tests.heard('booking.confirmed') where topic like 'business:%'),
    jsonb_build_object(
        'booking_id', tests.id('booking'), 'business_id', tests.id('Salon'), 'actor', 'customer',
        'booking_item_id', null, 'from_status', null, 'to_status', 'confirmed',
        'from_starts_at', null, 'to_starts_at', '2031-05-06T10:00:00+00:00'
    ),
    'a member hears which booking it is, its step and when it starts'
);
select tests.act_as('owner');
select public.cancel_booking(tests.id('booking')::text, 'Ann is ill, poor thing');
select tests.act_as_owner();
select is(
    (select count(*) from tests.heard('booking.cancelled')), 2::bigint,
    'a change of the status is heard of as well'
);
select is_empty(
    $$ select 1 from realtime.messages where payload::text like '%poor%' $$,
    'the reason that somebody wrote is not broadcast'
);

-- What else is on the list
select private.emit('order.paid', jsonb_build_object(
    'order_id', tests.id('booking'), 'business_id', tests.id('Salon'), 'status', 'paid',
    'actor', 'customer', 'reason', 'for grandma'
));
select results_eq(
    $$ select topic, payload ? 'reason' from tests.heard('order.paid') $$,
    $$ values
        ('business:' || tests.id('Salon'), false), ('order:' || tests.id('booking'), false) $$,
    'a step of an order is heard of by the business and on its own topic, without its reason'
);
select private.emit('stock.low', jsonb_build_object(
    'business_id', tests.id('Salon'), 'store_id', tests.id('Chair'), 'on_hand', 2
));
select is(
    (select array_agg(topic) from tests.heard('stock.low')),
    array['business:' || tests.id('Salon')], 'low stock is heard of by the business alone'
);
select private.emit('wholesale.requested', jsonb_build_object(
    'wholesale_account_id', tests.id('Chair'), 'business_id', tests.id('Salon'), 'reason', 'Please'
));
select is(
    (select payload from tests.heard('wholesale.requested')),
    jsonb_build_object('wholesale_account_id', tests.id('Chair'), 'business_id', tests.id('Salon')),
    'a wholesale request is heard of by the business'
);
insert into engagement.notifications (id, user_id, subject, subject_id, event, title, body) values
(
    tests.named('note'), tests.id('customer'), 'booking', tests.id('booking'), 'booking.cancelled',
    'Cancelled', 'Dear Cora'
),
(
    tests.named('note of ann'), tests.id('ann'), 'booking', tests.id('booking'),
    'booking.cancelled', 'Cancelled', 'Hello Ann'
);
select results_eq(
    $$ select topic, payload ->> 'notification_id' from tests.heard('notification.created') $$,
    $$ select 'user:' || names.id, tests.id(note)::text
        from (values ('customer', 'note'), ('ann', 'note of ann')) as listed (who, note)
        inner join tests.names on names.name = listed.who
        order by 1 $$,
    'a notification is heard of by its reader alone'
);
select is_empty(
    $$ select 1 from realtime.messages where payload::text like '%Cora%' $$,
    'the text of a notification is not broadcast'
);
select private.emit('wholesale.overdue', jsonb_build_object(
    'wholesale_account_id', tests.id('Chair'), 'business_id', tests.id('Salon')
), '2031-06-01 00:00Z');
select is_empty(
    $$ select 1 from tests.heard('wholesale.overdue') $$,
    'what is due later is not broadcast now'
);
select private.emit('tick.forget', jsonb_build_object('business_id', tests.id('Salon')));
select is_empty(
    $$ select 1 from tests.heard('tick.forget') $$, 'what is not on the list is not broadcast'
);
select private.emit('booking.cancelled', '{"to_status": "cancelled"}');
select is(
    (select count(*) from tests.heard('booking.cancelled')), 2::bigint,
    'an event without the id of a topic is not broadcast'
);
select results_eq(
    $$ select topic, audience, keys from private.broadcasts order by topic, audience $$,
    $$ values
        ('booking.%', 'booking', '{booking_id,business_id,booking_item_id,from_status,to_status,from_starts_at,to_starts_at,actor}'::text[]),
        ('booking.%', 'business', '{booking_id,business_id,booking_item_id,from_status,to_status,from_starts_at,to_starts_at,actor}'),
        ('notification.created', 'user', '{notification_id,business_id,event,subject,subject_id}'),
        ('order.%', 'business', '{order_id,business_id,status,actor}'),
        ('order.%', 'order', '{order_id,business_id,status,actor}'),
        ('stock.low', 'business', '{business_id,store_id,variant_id,on_hand}'),
        ('wholesale.%', 'business', '{wholesale_account_id,business_id}') $$,
    'these events are broadcast, with these keys, and nothing else'
);

-- A broadcast that fails does not fail the change
savepoint whole;
alter table realtime.messages add constraint nothing_fits check (topic = '') not valid;
select lives_ok(
    $$ select private.emit('stock.low', jsonb_build_object('business_id', tests.id('Salon'))) $$,
    'a broadcast that fails does not fail the change that it is about'
);
rollback to whole;

-- Who may hear a booking. The probes are the messages of above, and one of presence
insert into realtime.messages (topic, extension, event, private)
select topic, 'presence', 'probe', true
from (values ('booking:' || tests.id('booking')), ('business:' || tests.id('Salon'))) as t (topic);
insert into realtime.messages (topic, extension, event, private)
select topic, 'broadcast', 'probe', true
from (
    values
    ('user:' || tests.id('owner')), ('booking:'), ('business:not-an-id'), ('room:1'),
    (upper('business:' || tests.id('Salon')))
) as t (topic);
select tests.act_as('customer');
select ok(tests.hears('booking:' || tests.id('booking')), 'the customer hears their booking');
select ok(
    not tests.hears('business:' || tests.id('Salon')), 'the customer does not hear the business'
);
select ok(tests.hears('user:' || tests.id('customer')), 'the customer hears what is theirs');
select ok(not tests.hears('user:' || tests.id('ann')), 'the customer does not hear others');
select ok(
    not tests.hears('booking:' || tests.id('booking'), 'presence'),
    'nobody sees the presence of others on a booking'
);
select ok(not tests.hears('booking:'), 'a topic without an id is heard by nobody');
select ok(not tests.hears('room:1'), 'a topic that nobody defined is heard by nobody');
select tests.act_as('ann');
select ok(tests.hears('booking:' || tests.id('booking')), 'staff hear bookings of their business');
select ok(tests.hears('business:' || tests.id('Salon')), 'staff hear their business');
select ok(not tests.hears('user:' || tests.id('owner')), 'staff do not hear their owner');
select ok(
    not tests.hears(upper('business:' || tests.id('Salon'))),
    'another spelling of a topic is another topic'
);
select tests.act_as('accountant');
select ok(tests.hears('business:' || tests.id('Salon')), 'an accountant hears the business');
select tests.act_as('rival');
select ok(
    not tests.hears('booking:' || tests.id('booking')), 'another business does not hear the booking'
);
select ok(
    not tests.hears('business:' || tests.id('Salon')), 'another business does not hear this one'
);
select ok(not tests.hears('business:not-an-id'), 'a topic without a valid id is heard by nobody');
select tests.act_as_anon();
select ok(
    not tests.hears('booking:' || tests.id('booking')), 'nobody hears a booking without signing in'
);

-- A member who was removed hears nothing more
select tests.act_as_owner();
delete from business.business_members
where business_id = tests.id('Salon') and user_id = tests.id('ann');
select tests.act_as('ann');
select ok(
    not tests.hears('business:' || tests.id('Salon')), 'a former member does not hear the business'
);

-- An operator's own policies open their own topics, and none of these
select tests.act_as_owner();
create policy everything_select on realtime.messages for select to anon, authenticated using (true);
create policy everything_insert on realtime.messages
for insert to anon, authenticated with check (true);
select tests.act_as('rival');
select ok(tests.hears('room:1'), 'an operator may open topics of their own');
select ok(
    not tests.hears('business:' || tests.id('Salon')), 'which opens no topic of the platform'
);
select tests.act_as_anon();
select ok(tests.hears('room:1'), 'nor for callers without an account, who hear what is open');
select ok(
    not tests.hears('business:' || tests.id('Salon')), 'and nothing of the platform'
);

-- Only the database speaks on these topics
select tests.act_as('ann');
select throws_ok(
    $$ insert into realtime.messages (topic, extension, event, private)
        values ('user:' || tests.id('ann'), 'broadcast', 'fake', true) $$,
    '42501', null, 'nobody sends on a topic of the platform, not even on their own'
);
select lives_ok(
    $$ insert into realtime.messages (topic, extension, event, private)
        values ('room:1', 'broadcast', 'hello', true) $$,
    'where the operator lets them, people send on other topics'
);

-- What Supabase's functions say
select tests.act_as_owner();
delete from realtime.messages;
select realtime.send('{"a": 1}', 'said', 'room:1', false);
select ok(
    (select payload ->> 'id' = id::text and not private from realtime.messages),
    'send puts the id of the message into its payload'
);
select throws_ok(
    $$ select realtime.broadcast_changes(
        'room:1', 'e', 'INSERT', 't', 's', row(1), null::record, 'STATEMENT'
    ) $$,
    'P0001',
    'Failed to process the row: function can only be triggered for each row, not for each statement',
    'a change is broadcast for each row, in the words of Supabase'
);

select finish();
rollback;
