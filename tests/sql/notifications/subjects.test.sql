-- Notifications know no domain: what a domain registers is told, reminded of and forgotten with its rows.
begin;
select plan(14);

select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.business('Press', 'owner');

-- Given a domain that knows parcels
create schema lab;
create table lab.parcels (
    id uuid primary key default gen_random_uuid(),
    business_id uuid,
    customer_id uuid,
    status text not null default 'packed',
    leaves_at timestamptz
);
create function lab.parcel_data(messages private.subject_message[])
returns setof private.subject_facts
language sql as $$
    select messages.ordinal, jsonb_build_object(
        'business_id', business_id, 'starts_at', leaves_at, 'colour', payload ->> 'colour'
    )
    from unnest(messages) as messages inner join lab.parcels on parcels.id = messages.subject_id
$$;
create function lab.parcel_readers(messages private.subject_message[], audience text)
returns setof private.reader
language sql as $$
    select ordinal, customer_id, 'post@example.com', null, 'en', '{"greeting": "Dear"}'::jsonb
    from unnest(messages) as messages inner join lab.parcels on parcels.id = messages.subject_id
    where audience = 'customer'
$$;
create function lab.parcel_holds(states private.subject_state[]) returns setof integer
language sql as $$
    select ordinal
    from unnest(states) as states inner join lab.parcels on parcels.id = states.subject_id
    where status = condition and leaves_at = starts_at
$$;
insert into private.subjects (
    name, description, id_key, data_function, readers_function, holds_function
)
values (
    'parcel', 'A parcel', 'parcel_id', 'lab.parcel_data', 'lab.parcel_readers', 'lab.parcel_holds'
);
create trigger _100_announce_deletion
after delete on lab.parcels
for each row execute function private.any__announce_deletion('parcel');
insert into engagement.variables (subject, name, type, description)
values ('parcel', 'colour', 'text', 'Colour');
insert into engagement.events (name, subject, description, condition)
values
('parcel.packed', 'parcel', 'A parcel is packed', null),
('parcel.soon', 'parcel', 'A parcel leaves in two hours', 'packed');
insert into engagement.notices (event, audience, channels)
values ('parcel.packed', 'customer', '{mail,in_app}'), ('parcel.soon', 'customer', '{mail}');
insert into engagement.reminder_kinds (event, before) values ('parcel.soon', '2 hours');
insert into engagement.notification_templates (event, audience, locale, title, body)
values
('parcel.packed', 'customer', 'en', 'Packed', '{{colour}}'),
('parcel.soon', 'customer', 'en', 'Soon', '{{colour}}');
insert into private.routes (topic, queue, actor) values ('parcel.%', 'reminders', 'notify');
insert into lab.parcels (business_id, customer_id, leaves_at)
values (tests.id('Press'), tests.id('customer'), '2031-05-01 12:00Z');

create function pg_temp.plan(topic text, payload jsonb) returns bigint
language plpgsql as $$
declare
    v_message_id uuid = gen_random_uuid();
begin
    perform engagement.plan(jsonb_build_array(jsonb_build_object(
        'message_id', v_message_id, 'topic', topic, 'payload',
        private.subject_payload('parcel', (select id from lab.parcels)) || payload
    )));
    return (
        select count(*) from engagement.notification_deliveries where message_id = v_message_id
    );
end;
$$;
create function pg_temp.delivery(event text, channel text)
returns engagement.notification_deliveries
language sql as $$
    select notification_deliveries from engagement.notification_deliveries
    where notification_deliveries.event = $1 and notification_deliveries.channel::text = $2
$$;

-- Told
select is(pg_temp.plan('parcel.packed', '{"colour": "red"}'), 2::bigint, 'a new subject is told of');
select is(
    (pg_temp.delivery('parcel.packed', 'mail')).business_id, tests.id('Press'),
    'its delivery belongs to its business'
);
select is(
    engagement.start_deliveries(array[(pg_temp.delivery('parcel.packed', 'mail')).id])
    #>> '{jobs,0,data,colour}',
    'red', 'with what the domain says'
);
select is(
    (pg_temp.delivery('parcel.packed', 'mail')).data ->> 'greeting', 'Dear',
    'and what it says to this reader alone'
);
select throws_ok(
    $$ insert into engagement.notification_templates (event, audience, locale, title, body)
       values ('parcel.packed', 'customer', 'de', 'Gepackt', '{{reference}}') $$,
    'PT400', null, 'a variable of another subject is refused'
);
select throws_ok(
    $$ update engagement.notification_deliveries set subject = 'booking' where event = 'parcel.packed' $$,
    '23503', null, 'a delivery is about the subject of its event'
);
select engagement.show_in_app(jsonb_build_array(jsonb_build_object(
    'id', (pg_temp.delivery('parcel.packed', 'in_app')).id, 'title', 'Packed', 'body', 'red'
)));
select tests.act_as('customer');
select results_eq(
    $$ select subject, subject_id is not null, booking_id from public.notifications $$,
    $$ values ('parcel', true, null::uuid) $$, 'in the app it says what it is about'
);
select tests.act_as_owner();

-- Reminded
select results_eq(
    'select event, due_at from engagement.reminders',
    $$ values ('parcel.soon', '2031-05-01 10:00Z'::timestamptz) $$, 'a reminder waits for its time'
);
select results_eq(
    $$ select message -> 'kwargs' -> 'payload' ->> 'to_starts_at' from pgmq.q_reminders
       where message -> 'kwargs' ->> 'topic' = 'parcel.soon' $$,
    array['2031-05-01T12:00:00+00:00'], 'in the queue'
);
select is(
    pg_temp.plan('parcel.soon', '{"to_starts_at": "2031-05-01T11:00:00Z"}'), 0::bigint,
    'a reminder of another start tells nobody'
);
select is(
    pg_temp.plan('parcel.soon', '{"to_starts_at": "2031-05-01T12:00:00Z"}'), 1::bigint,
    'that of this start does'
);
update lab.parcels set status = 'lost';
select is(
    engagement.start_deliveries(array[(pg_temp.delivery('parcel.soon', 'mail')).id]) -> 'jobs', '[]',
    'unless the parcel is lost meanwhile'
);

-- Forgotten
delete from lab.parcels;
select is_empty(
    $$ select id from engagement.notification_deliveries where subject = 'parcel'
       union all select id from engagement.notifications where subject = 'parcel'
       union all select subject_id from engagement.reminders where subject = 'parcel' $$,
    'what was told of a row goes with the row'
);
select is(
    pg_temp.plan('parcel.packed', '{"parcel_id": "00000000-0000-4000-8000-000000000001"}'),
    0::bigint, 'nobody is told of what does not exist'
);

select * from finish();
rollback;
