-- What a service asks, and what is answered: each answer is of its question's kind, or refused by its
-- key; what is required must be there; and the booking keeps it as it was asked.
begin;
select plan(49);

-- Given a clinic that asks a question of every kind
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('customer');
select tests.person('rival');
select tests.business('Clinic', 'owner');
select tests.member('ann', 'Clinic', 'staff');
select tests.resource('Ann', 'Clinic');
select tests.hours('Clinic');
select tests.service('Check', 'Clinic', 30, 5000);
select tests.takes('Check', 'Ann');
select tests.service('Talk', 'Clinic', 30, 5000);
select tests.takes('Talk', 'Ann');

create function pg_temp.ask(key text, kind text, choices text[] default '{}') returns void
language sql as $$
    insert into public.service_questions (business_id, service_id, key, label, kind, choices, position)
    values (
        tests.id('Clinic'), tests.id('Check'), key, 'Your ' || key, kind::catalog.question_kind, choices,
        length(key)
    )
$$;
create function pg_temp.book(answers text, service text default 'Check') returns jsonb
language plpgsql as $$
declare
    v_id uuid = (
        public.book(tests.id(service)::text, '2031-05-05T09:00:00Z', answers => book.answers)
    ).id;
begin
    return (select booking_items.answers from public.booking_items where booking_items.booking_id = v_id);
end;
$$;
create function pg_temp.refused(answers text, sentence text) returns text
language sql as $$
    select throws_ok(format('select pg_temp.book(%L)', answers), 'PT400', sentence, sentence)
$$;
grant execute on all functions in schema pg_temp to authenticated;

select tests.act_as('owner');
select lives_ok(
    $$ select pg_temp.ask('name', 'text'), pg_temp.ask('story', 'long_text'),
              pg_temp.ask('weight', 'number'), pg_temp.ask('is_first', 'yes_no'),
              pg_temp.ask('drink', 'choice', '{tea,coffee}'),
              pg_temp.ask('allergies', 'choices', '{nuts,milk,eggs}'),
              pg_temp.ask('born', 'date'), pg_temp.ask('phone', 'phone'), pg_temp.ask('mail', 'email') $$,
    'an owner asks what they like'
);
select throws_ok(
    $$ select pg_temp.ask('name', 'text') $$, 'PT409', null, 'but nothing twice under one key'
);
select throws_ok(
    $$ select pg_temp.ask('Name', 'text') $$, 'PT400', null, 'nor under a key that is no name'
);
select throws_ok(
    $$ select pg_temp.ask('colour', 'choice') $$, 'PT400', null, 'a choice has choices'
);
select throws_ok(
    $$ select pg_temp.ask('colour', 'choice', '{red,red}') $$, 'PT400', null, 'each of them once'
);
select throws_ok(
    $$ select pg_temp.ask('colour', 'choices', array['red', ' ']) $$, 'PT400', null, 'none of them blank'
);
select throws_ok(
    $$ select pg_temp.ask('colour', 'choices', array['red', null]) $$, 'PT400', null, 'nor nothing'
);
select throws_ok(
    $$ select pg_temp.ask('colour', 'text', '{red}') $$, 'PT400', null, 'and a text has none'
);
select throws_ok(
    $$ update public.service_questions set label = '' $$, 'PT400', null, 'a question says something'
);
select tests.act_as('ann');
select throws_ok($$ select pg_temp.ask('age', 'number') $$, 'PT403', null, 'staff ask nothing');
select tests.act_as('rival');
select throws_ok($$ select pg_temp.ask('age', 'number') $$, 'PT403', null, 'nor do others');
select is_empty(
    $$ update public.service_questions set label = 'Mine' returning 1 $$, 'nor change what is asked'
);
select tests.act_as_anon();
select is(
    (select count(*) from public.service_questions), 9::bigint, 'everyone reads what a service asks'
);

-- The wrong kinds, each refused by its key
select tests.act_as('customer');
select pg_temp.refused('[]', 'answers must be a JSON object.');
select pg_temp.refused('{"shoe": 42}', 'answers.shoe is not a question of this service.');
select pg_temp.refused('{"name": 7}', 'answers.name must be a text.');
select pg_temp.refused(
    json_build_object('name', repeat('x', 501))::text,
    'answers.name must have at most 500 characters.'
);
select pg_temp.refused('{"name": "a\u0007"}', 'answers.name must not contain control characters.');
select pg_temp.refused(
    json_build_object('story', repeat('x', 5001))::text,
    'answers.story must have at most 5000 characters.'
);
select pg_temp.refused('{"weight": "heavy"}', 'answers.weight must be a number.');
select pg_temp.refused('{"weight": "70"}', 'answers.weight must be a number.');
select pg_temp.refused(
    '{"weight": 1e300}',
    'answers.weight must be from -1e15 to 1e15 with at most 10 decimals.'
);
select pg_temp.refused(
    '{"weight": 1e-300}',
    'answers.weight must be from -1e15 to 1e15 with at most 10 decimals.'
);
select pg_temp.refused('{"is_first": "yes"}', 'answers.is_first must be true or false.');
select pg_temp.refused('{"drink": "beer"}', 'answers.drink must be chosen from the question''s choices.');
select pg_temp.refused('{"drink": ["tea"]}', 'answers.drink must be a text.');
select pg_temp.refused('{"allergies": "nuts"}', 'answers.allergies must be a list of choices.');
select pg_temp.refused(
    '{"allergies": ["nuts", "dust"]}',
    'answers.allergies must be chosen from the question''s choices.'
);
select pg_temp.refused(
    '{"allergies": ["nuts", null]}',
    'answers.allergies must be chosen from the question''s choices.'
);
select pg_temp.refused(
    '{"allergies": [["nuts"]]}',
    'answers.allergies must be chosen from the question''s choices.'
);
select pg_temp.refused('{"born": "1990-02-30"}', 'answers.born must be a date that exists.');
select pg_temp.refused('{"born": "yesterday"}', 'answers.born must be a date, such as 2031-03-30.');
select pg_temp.refused(
    '{"phone": "0170"}',
    'answers.phone must be in international form, such as +491701234567.'
);
select pg_temp.refused('{"mail": "somebody"}', 'answers.mail must be an e-mail address.');
select pg_temp.refused('{"mail": {"a": 1}}', 'answers.mail must be a text.');
select is_empty($$ select 1 from public.bookings $$, 'none of them makes a booking');

-- What is required
select tests.act_as('owner');
update public.service_questions set is_required = true
where service_questions.key in ('is_first', 'allergies');
select tests.act_as('customer');
select throws_ok(
    $$ select pg_temp.book('{"allergies": ["nuts"]}') $$, 'PT400', 'answers.is_first is required.',
    'what is required must be answered'
);
select throws_ok(
    $$ select pg_temp.book('{"allergies": [], "is_first": false}') $$,
    'PT400', 'answers.allergies is required.', 'no is an answer, an empty list is none'
);
select throws_ok(
    $$ select public.book(tests.id('Check')::text, '2031-05-05T09:00:00Z') $$,
    'PT400', 'answers.is_first is required.', 'nothing at all is none either'
);

-- The right kinds, kept as they were asked
select is(
    pg_temp.book('{"mail": "a@b.example", "phone": "+491701234567", "born": "1990-02-28", "drink": "tea",
        "allergies": ["eggs", "nuts", "nuts"], "is_first": false, "weight": 70.5, "name": " Ada ",
        "story": "Once upon\n a time"}'),
    '[
        {"key": "born", "label": "Your born", "kind": "date", "value": "1990-02-28"},
        {"key": "mail", "label": "Your mail", "kind": "email", "value": "a@b.example"},
        {"key": "name", "label": "Your name", "kind": "text", "value": "Ada"},
        {"key": "drink", "label": "Your drink", "kind": "choice", "value": "tea"},
        {"key": "phone", "label": "Your phone", "kind": "phone", "value": "+491701234567"},
        {"key": "story", "label": "Your story", "kind": "long_text", "value": "Once upon\n a time"},
        {"key": "weight", "label": "Your weight", "kind": "number", "value": 70.5},
        {"key": "is_first", "label": "Your is_first", "kind": "yes_no", "value": false},
        {"key": "allergies", "label": "Your allergies", "kind": "choices", "value": ["nuts", "eggs"]}
    ]'::jsonb,
    'every kind is kept, in the order of the questions'
);
select tests.act_as('owner');
update public.service_questions set label = 'Renamed', is_active = service_questions.key = 'born';
select tests.act_as('ann');
select is(
    (select answers -> 0 ->> 'label' from public.booking_items), 'Your born',
    'whoever works there reads it, as it was asked'
);
select is(jsonb_array_length(answers), 9, 'all of it') from public.booking_items;
select tests.act_as('rival');
select is_empty($$ select answers from public.booking_items $$, 'nobody else does');

-- Several services, and what is asked no longer
select tests.act_as('customer');
select is(
    (public.book_many(
        tests.id('Clinic')::text,
        jsonb_build_array(
            jsonb_build_object('service_id', tests.id('Talk')),
            jsonb_build_object('service_id', tests.id('Check'), 'answers', '{"born": "2000-01-01"}'::jsonb)
        )::text,
        '2031-05-06T09:00:00Z'
    )).status::text,
    'confirmed', 'several services are booked with their answers'
);
select results_eq(
    $$ select answers -> 0 ->> 'value' from public.booking_items
       where starts_at >= '2031-05-06' order by position $$,
    array[null, '2000-01-01'], 'each service has its own answers'
);
select throws_ok(
    $$ select pg_temp.book('{"born": "2000-01-01"}', 'Talk') $$,
    'PT400', 'answers.born is not a question of this service.', 'questions are of one service'
);
select throws_ok(
    $$ select pg_temp.book('{"name": "Ada"}') $$,
    'PT400', 'answers.name is not a question of this service.', 'what is switched off is asked no more'
);
select is(
    (select count(*) from public.bookings), 2::bigint, 'a customer''s bookings are what was answered'
);
select results_eq(
    $$ select answers -> 0 ->> 'value' from public.booking_items
       inner join public.reschedule_booking(
           booking_items.booking_id::text, '2031-05-07T09:00:00Z'
       ) on true
       where answers <> '[]' and booking_items.position = 1 $$,
    array['1990-02-28'], 'and stay when it moves'
);

select * from finish();
rollback;
