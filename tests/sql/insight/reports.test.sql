-- A salon puts reports together: what they can ask for, what they refuse by name, and whom.
begin;
select plan(26);

-- Given a salon in Berlin with two bookings, its people, and a rival
select tests.at('2031-10-20 08:00:00Z');
select tests.person('owner');
select tests.person('stan');
select tests.person('carl');
select tests.person('rival');
select tests.person('mia');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.business('Rival', 'rival', 'Europe/Berlin');
select tests.member('stan', 'Salon', 'staff');
select tests.member('carl', 'Salon', 'accountant');
select tests.resource('Ann', 'Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.hours('Salon', '09:00', '17:00');
select tests.resource('Bob', 'Rival');
select tests.service('Shave', 'Rival', 60, 700);
select tests.takes('Shave', 'Bob');
select tests.hours('Rival', '09:00', '17:00');
select tests.act_as('mia');
select public.book(tests.id('Cut')::text, '2031-10-27 09:00:00Z');
select public.book(tests.id('Cut')::text, '2031-10-28 09:00:00Z');
select public.book(tests.id('Shave')::text, '2031-10-28 11:00:00Z');
select tests.act_as_owner();

create function tests.report(wish jsonb, called text default 'Salon') returns jsonb
language sql volatile security invoker set search_path = ''
as $$
    select public.run_report((jsonb_build_object(
        'business_id', tests.id(called), 'subject', 'bookings', 'from_on', '2031-10-01',
        'to_on', '2031-10-31', 'measures', '["bookings"]'::jsonb
    ) || wish)::text)
$$;

-- The owner asks for rows of a view and for figures of days
select tests.act_as('owner');
select is(
    tests.report('{"dimensions": ["day"]}') -> 'rows',
    '[{"day": "2031-10-27", "bookings": 1}, {"day": "2031-10-28", "bookings": 1}]'::jsonb,
    'bookings are counted by the day on which they start'
);
select is(
    tests.report('{"measures": ["total_minor"]}') -> 'rows',
    '[{"currency": "EUR", "total_minor": 10000}]'::jsonb,
    'money brings its currency along'
);
select is(
    tests.report(
        '{"subject": "services", "dimensions": ["service", "week"], "measures": ["sold_minor"]}'
    ) -> 'rows',
    '[{"service": "Cut", "week": "2031-10-20", "currency": "EUR", "sold_minor": 10000}]'::jsonb,
    'figures of days are those of the dashboard, by name and week'
);
select is(
    (
        tests.report('{"subject": "business", "measures": ["sold_minor"]}')
        #>> '{rows,0,sold_minor}'
    ),
    public.business_dashboard(tests.id('Salon')::text, '2031-10-01', '2031-10-31')
    #>> '{money,0,sold_minor}',
    'a report and the dashboard say the same'
);
select is(
    tests.report('{"dimensions": ["day"], "sort": ["-day"], "limit": 1}') #>> '{rows,0,day}',
    '2031-10-28', 'the largest comes first, and no more than the limit'
);
select is(
    tests.report('{"filters": {"day": ["2031-10-27"]}}') #>> '{rows,0,bookings}',
    '1', 'a filter leaves the rows that have one of its values'
);
select is(
    tests.report('{"filters": {"status": ["''; drop table insight.days; --"]}}')
    #>> '{rows,0,bookings}',
    '0', 'SQL in the value of a filter is a text that no row has'
);
select is(
    (tests.report('{"from_on": null, "to_on": null, "period": "this_week"}') - 'rows'),
    '{"from_on": "2031-10-20", "to_on": "2031-10-26", "columns": ["bookings"]}'::jsonb,
    'a week has a name, and begins on Monday'
);
select is(
    tests.report('{"from_on": null, "to_on": null, "period": "last_month"}') ->> 'from_on',
    '2031-09-01', 'so has the month before'
);

-- Every unknown name is refused by name
select throws_like(
    $$ select tests.report('{"subject": "identity.users"}') $$,
    '%subject must not have "identity.users"; choose from %', 'an unknown subject is named'
);
select throws_like(
    $$ select tests.report('{"dimensions": ["customer_email"]}') $$,
    '%dimensions must not have "customer_email"; choose from %', 'an unknown dimension is named'
);
select throws_like(
    $$ select tests.report('{"measures": ["count(*) from auth.users"]}') $$,
    '%measures must not have "count(*) from auth.users"; choose from %',
    'an unknown measure is named'
);
select throws_like(
    $$ select tests.report('{"filters": {"id": ["1"]}}') $$,
    '%filters must not have "id"; choose from %', 'an unknown filter is named'
);
select throws_like(
    $$ select tests.report('{"sort": ["--bookings"]}') $$,
    '%sort must not have "-bookings"; choose from bookings%', 'an unknown sort key is named'
);
select throws_like(
    $$ select tests.report('{"having": "1=1"}') $$,
    '%report.having is not known%', 'an unknown key is named'
);
select throws_ok(
    $$ select tests.report('{"measures": []}') $$, 'PT400', null, 'a report has a measure'
);
select throws_ok(
    $$ select tests.report('{"dimensions": ["day", "day"]}') $$,
    'PT400', null, 'a field is named once'
);
select set_config('app.settings.max_rows', '1', true);
select throws_ok(
    $$ select tests.report('{"dimensions": ["day"]}') $$,
    'PT422', null, 'an answer that is longer than a page is refused and never cut'
);
select set_config('app.settings.max_rows', '', true);

-- Reports are saved, shared and deleted
select lives_ok(
    $$ select public.save_report(
        tests.id('Salon')::text, 'Weeks',
        '{"subject": "services", "period": "this_month", "measures": ["bookings"]}'
    ) $$, 'the owner saves a report'
);
select throws_ok(
    $$ select public.save_report(
        tests.id('Salon')::text, 'Weeks', '{"subject": "services", "measures": ["passwords"]}'
    ) $$, 'PT400', null, 'a report that could not run is not saved'
);
select tests.act_as('carl');
select is(
    (
        select public.run_report(jsonb_build_object('report_id', reports.id)::text)
        #>> '{rows,0,bookings}'
        from public.reports
    ), '2', 'the accountant runs it'
);

-- Nobody else
select tests.act_as('stan');
select throws_ok(
    $$ select tests.report('{}') $$, 'PT403', null, 'staff run no reports'
);
select is_empty($$ select * from public.reports $$, 'nor do they see saved ones');
select tests.act_as('rival');
select throws_ok(
    $$ select tests.report('{}') $$, 'PT403', null, 'nor does the owner of another business'
);
select is(
    tests.report('{"measures": ["bookings", "total_minor"]}', 'Rival') -> 'rows',
    '[{"bookings": 1, "currency": "EUR", "total_minor": 700}]'::jsonb,
    'who counts the rows of their own'
);
select tests.act_as('owner');
select public.delete_report(reports.id::text) from public.reports;
select is_empty($$ select * from public.reports $$, 'a deleted report is gone');

select * from finish();
rollback;
