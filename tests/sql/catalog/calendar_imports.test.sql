-- Calendars of other programs: who imports them, what others see of them, and how often they are
-- read.
begin;
select plan(45);

-- Given a salon with people of every role, and a stranger with a salon of their own
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,accountant,customer,stranger}'::text[]) as called;
select tests.business('Salon', 'owner');
select tests.member('ann', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.business('Other', 'stranger');
select tests.resource('Zoe', 'Other');
create temporary table calendars (name text primary key, id uuid);
grant all on calendars to authenticated, worker;

/* A worker has read a calendar: one hour is busy. */
create function pg_temp.read(events jsonb)
returns void
language sql
as $$
    select catalog.finish_import(
        calendars.id,
        jsonb_build_object(
            'attempt', (catalog.start_import(calendars.id) ->> 'attempt')::integer,
            'events', events, 'skipped_count', 0
        )
    )
    from calendars where calendars.name = 'address';
$$;
grant execute on function pg_temp.read(jsonb) to worker;

create function pg_temp.refused(url text, description text)
returns text
language sql
as $$
    select throws_ok(
        format(
            'select public.import_calendar(tests.id(''Salon'')::text, tests.id(''Ann'')::text, %L)',
            url
        ),
        'PT400', null, description
    )
$$;
grant execute on function pg_temp.refused(text, text) to authenticated;

-- Importing
select tests.act_as('ann');
select lives_ok(
    $$ insert into calendars select 'address', id from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, 'webcal://calendar.example/secret.ics') $$,
    'who works there imports by address'
);
select lives_ok(
    $$ insert into calendars select 'file', id from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text,
       content => e'BEGIN:VCALENDAR\r\nEND:VCALENDAR') $$,
    'and by file'
);
select throws_ok(
    $$ select public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, 'https://calendar.example/secret.ics') $$,
    'PT409', 'This resource already imports this calendar.', 'each address once'
);
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text) $$,
    'PT400', 'url or content is required, but not both.', 'one of both'
);
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       'https://calendar.example/', e'BEGIN:VCALENDAR\n') $$,
    'PT400', 'url or content is required, but not both.', 'not both'
);
select pg_temp.refused('ftp://calendar.example/', 'an address of FTP is refused');
select pg_temp.refused('calendar.example', 'an address without a scheme is refused');
select pg_temp.refused('https://', 'an address without a host is refused');
select pg_temp.refused('https://a:b@calendar.example/', 'an address with a password is refused');
select pg_temp.refused('https://calendar.example/a b', 'an address with a blank is refused');
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       content => 'hello') $$,
    'PT400', 'content must be an iCalendar file of at most 1 MiB.', 'a file is a calendar'
);
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       content => e'BEGIN:VCALENDAR\n' || repeat('ä', 600000)) $$,
    'PT400', 'content must be an iCalendar file of at most 1 MiB.', 'of a size'
);
select lives_ok(
    $$ select catalog.delete_calendar_import(id) from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, content => e'\r\n\nBEGIN:VCALENDAR\r\n') $$,
    'a file may begin with blank lines'
);
select lives_ok(
    $$ select catalog.delete_calendar_import(id) from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, content => e'\uFEFF\r\nBEGIN:VCALENDAR\r\n') $$,
    'a file may begin with a byte order mark and a blank line'
);
select lives_ok(
    $$ select catalog.delete_calendar_import(id) from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, content => e'BEGIN:VCALENDAR\rEND:VCALENDAR\r') $$,
    'the lines of a file may end with CR only'
);
select lives_ok(
    $$ select catalog.delete_calendar_import(id) from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, content => e'begin:vcalendar \r\n') $$,
    'a file may be in small letters'
);
select lives_ok(
    $$ select catalog.delete_calendar_import(id) from public.import_calendar(
       tests.id('Salon')::text, tests.id('Ann')::text, content => e'BEGIN:VCALENDAR\r\nX:\x07\x1b\x0b\r\n') $$,
    'a file may hold control characters'
);
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Zoe')::text,
       'https://calendar.example/') $$,
    'PT404', 'There is no such resource.', 'not for a resource of others'
);
select lives_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       'https://calendar.example/' || n) from generate_series(3, 10) as n $$,
    'ten in all'
);
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       'https://calendar.example/11') $$,
    'PT422', 'A resource can have at most 10 calendars.', 'no more'
);
select tests.act_as('accountant');
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ben')::text,
       'https://calendar.example/') $$,
    'PT403', null, 'who only counts imports none'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       'https://calendar.example/') $$,
    'PT403', null, 'nor do customers'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.import_calendar(tests.id('Salon')::text, tests.id('Ann')::text,
       'https://calendar.example/') $$,
    'PT401', null, 'nor does nobody'
);

-- What one sees of them
select tests.act_as('owner');
select results_eq(
    $$ select host, last_error from public.calendar_imports where id = (select id from calendars
       where name = 'address') $$,
    $$ values ('calendar.example', null::text) $$, 'members see where it comes from'
);
select throws_ok(
    $$ select url, content from catalog.calendar_imports $$, '42501', null, 'never what reads it'
);
select tests.act_as('customer');
select is((select count(*) from public.calendar_imports), 0::bigint, 'customers see nothing of it');

-- Reading
select tests.act_as_role('worker');
select pg_temp.read('[{"uid": "1", "starts": "2031-05-05T10:00:00Z", "ends": "2031-05-05T11:00:00Z"}]');
select tests.act_as('ann');
select results_eq(
    $$ select starts_at, calendar_import_id from public.blocked_periods $$,
    $$ select timestamptz '2031-05-05 10:00Z', id from calendars where name = 'address' $$,
    'what was read blocks'
);
select tests.act_as('customer');
select throws_ok(
    $$ select catalog.finish_import(gen_random_uuid(), '{}') $$, '42501', null, 'nobody else says so'
);
select tests.act_as_owner();
select throws_ok(
    $$ insert into catalog.blocked_periods (business_id, resource_id, during, calendar_import_id)
       select tests.id('Salon'), tests.id('Ben'), '[2031-05-05 10:00Z, 2031-05-05 11:00Z)', id
       from calendars where name = 'address' $$,
    '23503', null, 'a calendar blocks its own resource only'
);

-- When
delete from pgmq.q_calendars;
select tests.act_as('ann');
select public.refresh_calendar((select id::text from calendars where name = 'address'));
select public.refresh_calendar((select id::text from calendars where name = 'address'));
select tests.act_as_owner();
select is((select count(*) from pgmq.q_calendars), 1::bigint, 'asking twice is asking once');
select tests.act_as('stranger');
select throws_ok(
    $$ select public.refresh_calendar((select id::text from calendars where name = 'address')) $$,
    'PT404', null, 'strangers ask for nothing'
);
select throws_ok(
    $$ select public.delete_calendar_import((select id::text from calendars where name = 'address')) $$,
    'PT404', null, 'and end nothing'
);
select tests.at('2031-05-01 08:16Z');
select tests.act_as_role('worker');
select is(catalog.request_due_imports(), 9, 'addresses are read again after a quarter of an hour');
select is(catalog.request_due_imports(), 0, 'once');
select tests.act_as_owner();
select tests.at('2031-05-02 08:01Z');
update business.businesses set is_active = false where id = tests.id('Salon');
select tests.act_as_role('worker');
select is(catalog.request_due_imports(), 0, 'not for a business that rests');
select tests.act_as_owner();
update business.businesses set is_active = true where id = tests.id('Salon');
select tests.act_as_role('worker');
select is(catalog.request_due_imports(), 10, 'files once a day');

-- What goes wrong
create function pg_temp.error()
returns text
language sql
as $$
    select calendar_imports.last_error
    from public.calendar_imports
    inner join calendars on calendars.id = calendar_imports.id and calendars.name = 'address'
$$;
select tests.act_as_role('worker');
select catalog.start_import(id) from calendars where name = 'address';
select tests.at('2031-05-02 08:02Z');
select catalog.start_import(id) from calendars where name = 'address';
select tests.act_as('ann');
select is(pg_temp.error(), null, 'two workers that read at once are no error');
select tests.at('2031-05-02 08:16Z');
select tests.act_as_role('worker');
select catalog.start_import(id) from calendars where name = 'address';
select tests.act_as('ann');
select is(
    pg_temp.error(), 'Reading it ended without an answer.', 'members see that reading never ends'
);
select tests.act_as_role('worker');
select pg_temp.read('[]');
select tests.act_as('ann');
select is(pg_temp.error(), null, 'until an attempt ends');
select tests.act_as_role('worker');
select catalog.fail_import(
    id, (catalog.start_import(id) ->> 'attempt')::integer, 'It answered 404.'
) from calendars where name = 'address';
select tests.act_as('ann');
select is(pg_temp.error(), 'It answered 404.', 'members see why it cannot be read');
select tests.act_as_role('worker');
select catalog.finish_import(
    id, jsonb_build_object(
        'attempt', (catalog.start_import(id) ->> 'attempt')::integer,
        'events', '[]'::jsonb, 'skipped_count', 2,
        'skipped', '[{"reason": "It has no start.", "count": 2}]'::jsonb
    )
) from calendars where name = 'address';
select tests.act_as('ann');
select results_eq(
    $$ select skipped_count, skipped -> 0 ->> 'reason' from public.calendar_imports
       where id = (select id from calendars where name = 'address') $$,
    $$ values (2, 'It has no start.') $$, 'and why events of it do not block'
);
select tests.act_as_owner();
select is(
    catalog.first_instant_of('2031-10-26T00:00:00', 'Atlantic/Azores'),
    '2031-10-26 00:00Z', 'a day whose midnight comes twice begins with the first'
);
select is(
    catalog.first_instant_of('2031-10-27T00:00:00', 'Atlantic/Azores'),
    '2031-10-27 01:00Z', 'as other days do'
);

select tests.act_as('ann');
select lives_ok(
    $$ select public.delete_calendar_import((select id::text from calendars where name = 'address')) $$,
    'who works there ends it'
);
select is((select count(*) from public.blocked_periods), 0::bigint, 'and nothing blocks any more');

select * from finish();
rollback;
