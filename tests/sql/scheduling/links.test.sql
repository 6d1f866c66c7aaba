-- Hidden services and the links that open them: whoever has no link learns nothing of the service, and
-- a link is good for as long and as often as was said.
begin;
select plan(54);

-- Given a salon with a service for everyone, and one that is hidden
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('customer');
select tests.person('friend');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.business('Spa', 'rival');
select tests.member('ann', 'Salon', 'staff');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.service('Secret', 'Salon', 60, 3000);
select tests.takes('Secret', 'Ann');
select tests.service('Hidden class', 'Salon', 60, 3000);
update catalog.services set is_class = true, visibility = 'hidden' where id = tests.id('Hidden class');
insert into catalog.service_addons (id, business_id, service_id, name, price_minor)
values (tests.named('Extra'), tests.id('Salon'), tests.id('Secret'), 'Extra', 500);
insert into catalog.booking_limits (business_id, service_id, period, max_bookings)
values (tests.id('Salon'), tests.id('Secret'), 'day', 9);
insert into catalog.service_questions (business_id, service_id, key, label, kind)
values (tests.id('Salon'), tests.id('Secret'), 'who', 'Who told you?', 'text');
insert into scheduling.sessions (business_id, service_id, starts_at, ends_at, capacity)
values (tests.id('Salon'), tests.id('Hidden class'), '2031-05-05 09:00Z', '2031-05-05 10:00Z', 5);

create temporary table made (called text primary key, id uuid, token text);
grant all on made to anon, authenticated;
create function pg_temp.token(called text) returns text
language sql as $$ select made.token from made where made.called = $1 $$;
create function pg_temp.slots(service text, token text default null) returns bigint
language sql as $$
    select count(*) from public.available_slots(
        tests.id(service)::text, '2031-05-05T00:00:00Z', '2031-05-06T00:00:00Z', link_token => token
    )
$$;
create function pg_temp.book(at text, token text, service text default 'Secret', held text default 'false')
returns text
language sql as $$
    select (public.book(tests.id(service)::text, at, hold => held, link_token => token)).id::text
$$;
create function pg_temp.link(called text, service text, until text default null, uses text default null)
returns void
language sql as $$
    insert into made
    select called, link_id, token
    from public.create_private_link(tests.id(service)::text, called, until, uses)
$$;
create function pg_temp.uses(called text) returns integer
language sql as $$ select use_count from public.private_links where private_links.label = called $$;
create function pg_temp.answer(call text) returns text
language plpgsql as $$
declare
    v_message text; v_detail text; v_hint text; v_code text;
begin
    execute call;
    return 'nothing';
exception
    when others then
        get stacked diagnostics
            v_message = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint,
            v_code = returned_sqlstate;
        return concat_ws(' ', v_code, v_message, v_detail, v_hint);
end;
$$;
/* Without a link, with a nonsensical one and with another service's link. */
create function pg_temp.hides(call text, description text) returns text
language sql as $$
    select is(
        array_agg(pg_temp.answer(format(call, tests.id('Secret'), token))),
        array_agg(pg_temp.answer(format(call, gen_random_uuid(), token))),
        description
    )
    from unnest(array[null, 'nonsense', pg_temp.token('cut')]) as token
$$;
grant execute on all functions in schema pg_temp to anon, authenticated;

select tests.act_as('owner');
update public.services set visibility = 'hidden' where services.name = 'Secret';
select is(
    (select visibility::text from public.services where services.name = 'Secret'), 'hidden',
    'an owner hides a service'
);
select lives_ok($$ select pg_temp.link('friends', 'Secret') $$, 'and makes a link to it');
select lives_ok($$ select pg_temp.link('twice', 'Secret', uses => '2') $$, 'one for two bookings');
select lives_ok(
    $$ select pg_temp.link('soon', 'Secret', '2031-05-02T00:00:00Z') $$, 'one for a day'
);
select lives_ok($$ select pg_temp.link('cut', 'Cut') $$, 'one to a service that is not hidden');
select lives_ok($$ select pg_temp.link('class', 'Hidden class') $$, 'and one to a hidden class');
select throws_ok(
    $$ select pg_temp.link('never', 'Secret', uses => '0') $$, 'PT400', null, 'not for no booking at all'
);
select throws_ok(
    $$ select token_hash from catalog.private_links $$, '42501', null, 'of the token nobody reads anything'
);
select throws_ok(
    $$ update public.private_links set max_uses = 9 $$, '42501', null, 'nor writes a link by themselves'
);
select tests.act_as_owner();
select is(
    (
        select count(*) from catalog.private_links
        where private_links::text like '%' || pg_temp.token('cut') || '%'
    ),
    0::bigint, 'for only its hash is kept'
);
select tests.act_as('ann');
select is(
    (select count(*) from public.private_links), 5::bigint, 'whoever works there sees the links'
);
select throws_ok(
    $$ select pg_temp.link('mine', 'Secret') $$, 'PT403', null, 'but makes none'
);
select throws_ok(
    $$ select public.revoke_private_link((select id::text from made where called = 'friends')) $$,
    'PT403', null, 'nor revokes one'
);
select is(pg_temp.slots('Secret'), 29::bigint, 'members see the slots of what is hidden');
select tests.act_as('rival');
select is_empty($$ select * from public.private_links $$, 'another business sees no link');
select throws_ok(
    $$ select pg_temp.link('mine', 'Secret') $$, 'PT404', 'There is no such service.',
    'makes none to what it does not see'
);
select throws_ok($$ select pg_temp.link('mine', 'Cut') $$, 'PT403', null, 'nor to what it does');
select throws_ok(
    $$ select public.revoke_private_link((select id::text from made where called = 'friends')) $$,
    'PT404', null, 'and revokes none'
);

-- Without a link it does not exist
select tests.act_as_anon();
select is_empty(
    $$ select * from public.services where id in (tests.id('Secret'), tests.id('Hidden class')) $$,
    'it is in no catalog'
);
select is_empty(
    $$ select 1 from public.service_addons where service_id = tests.id('Secret') $$,
    'nor are its extras'
);
select is_empty(
    $$ select 1 from public.service_questions where service_id = tests.id('Secret') $$, 'its questions'
);
select is_empty(
    $$ select 1 from public.booking_limits where service_id = tests.id('Secret') $$, 'its limits'
);
select is_empty(
    $$ select 1 from public.service_resources where service_id = tests.id('Secret') $$, 'who gives it'
);
select is_empty($$ select 1 from public.sessions $$, 'or when it is');
select isnt_empty(
    $$ select 1 from public.service_resources where service_id = tests.id('Cut') $$,
    'as those of what is not hidden are'
);
select is_empty(
    $$ select slots from public.search_availability('2031-05-05T00:00:00Z', '2031-05-06T00:00:00Z',
           q => 'Secret') $$,
    'a search does not find it'
);
select tests.act_as('customer');
select pg_temp.hides(
    $$ select * from public.available_slots(
       %1$L, '2031-05-05T00:00Z', '2031-05-06T00:00Z', link_token => %2$L) $$,
    'available_slots answers like for a service that does not exist'
);
select pg_temp.hides(
    $$ select public.book(%1$L, '2031-05-05T09:00Z', link_token => %2$L) $$,
    'book answers like for a service that does not exist'
);
select pg_temp.hides(
    $$ select public.quote('[{"service_id": "%1$s"}]') $$,
    'quote answers like for a service that does not exist'
);
select pg_temp.hides(
    $$ select * from public.date_availability(
       %1$L, '2031-05-05', '2031-05-06', link_token => %2$L) $$,
    'date_availability answers like for a service that does not exist'
);
select pg_temp.hides(
    $$ select public.create_private_link(%1$L) $$,
    'create_private_link answers like for a service that does not exist'
);

-- With one it does
select tests.act_as_anon();
select is(pg_temp.slots('Secret', pg_temp.token('friends')), 29::bigint, 'a link shows when it is free');
select is(
    (
        select concat_ws(
            ' ', link -> 'service' ->> 'name', link -> 'business' ->> 'name', link -> 'addons' -> 0 ->> 'name',
            link -> 'questions' -> 0 ->> 'key', link -> 'resources' -> 0 ->> 'name', link ->> 'uses_left'
        )
        from public.resolve_link(pg_temp.token('twice')) as link
    ),
    'Secret Salon Extra who Ann 2', 'and all that one needs to book it'
);
select throws_ok(
    $$ select public.resolve_link('nonsense') $$, 'PT404', 'There is no such service.',
    'a link that nobody made shows nothing'
);
select is(
    (select sum(session_count) from public.date_availability(
        tests.id('Hidden class')::text, '2031-05-05', '2031-05-05', link_token => pg_temp.token('class')
    )),
    1::bigint, 'a hidden class shows its days'
);
select throws_ok(
    $$ select pg_temp.book('2031-05-05T09:00:00Z', pg_temp.token('friends')) $$, 'PT401', null,
    'booking is for those who sign in'
);
select tests.act_as('customer');
select lives_ok(
    $$ select pg_temp.book('2031-05-05T09:00:00Z', pg_temp.token('friends')) $$, 'a customer books by it'
);
select lives_ok(
    $$ select pg_temp.book('2031-05-05T10:00:00Z', pg_temp.token('cut'), 'Cut') $$,
    'also what is not hidden'
);
select throws_ok(
    $$ select pg_temp.book('2031-05-05T11:00:00Z', 'nonsense', 'Cut') $$, 'PT404', null,
    'but not by a link that nobody made'
);
select is(
    (select service_name from public.booking_items where starts_at = '2031-05-05 09:00Z'), 'Secret',
    'they see what they have booked'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T12:00:00Z') from public.bookings
       where starts_at = '2031-05-05 09:00Z' $$,
    'and move it without the link'
);

-- For as often and as long as was said
select lives_ok(
    $$ select pg_temp.book('2031-05-06T09:00:00Z', pg_temp.token('twice'), held => 'true') $$,
    'a hold is a use'
);
select lives_ok(
    $$ select pg_temp.book('2031-05-06T10:00:00Z', pg_temp.token('twice')) $$, 'so is a booking'
);
select throws_ok(
    $$ select pg_temp.book('2031-05-06T11:00:00Z', pg_temp.token('twice')) $$, 'PT409',
    'This link is no longer valid.', 'a third is too many'
);
select tests.at('2031-05-01 08:20Z');
select lives_ok(
    $$ select pg_temp.book('2031-05-06T11:00:00Z', pg_temp.token('twice')) $$,
    'a hold that ran out gives its use back'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where starts_at = '2031-05-06 10:00Z' $$,
    'and so does who cancels'
);
select throws_ok(
    $$ select public.book_many(
           tests.id('Salon')::text,
           jsonb_build_array(
               jsonb_build_object('service_id', tests.id('Secret'), 'link_token', pg_temp.token('twice')),
               jsonb_build_object('service_id', tests.id('Secret'), 'link_token', pg_temp.token('twice'))
           )::text,
           '2031-05-06T13:00:00Z'
       ) $$,
    'PT409', null, 'two services at once are two uses'
);
select tests.act_as('owner');
select is(pg_temp.uses('twice'), 1, 'the owner sees how often it was used');
select tests.at('2031-05-01 23:59:59Z');
select tests.act_as('customer');
select is(pg_temp.slots('Secret', pg_temp.token('soon')), 15::bigint, 'a link is good until its moment');
select tests.at('2031-05-02 00:00Z');
select throws_ok(
    $$ select pg_temp.slots('Secret', pg_temp.token('soon')) $$, 'PT409', null, 'and then no more'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.revoke_private_link(id::text) from made where called = 'friends' $$,
    'an owner revokes a link'
);
select lives_ok(
    $$ select public.revoke_private_link(id::text) from made where called = 'friends' $$, 'twice, if they like'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.resolve_link(pg_temp.token('friends')) $$, 'PT409', 'This link is no longer valid.',
    'and it opens nothing any more'
);
select tests.act_as_owner();
update catalog.services set is_active = false where id = tests.id('Secret');
select tests.act_as_anon();
select throws_ok(
    $$ select public.resolve_link(pg_temp.token('twice')) $$, 'PT404', null,
    'no link opens what is switched off'
);

select * from finish();
rollback;
