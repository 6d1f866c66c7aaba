-- A customer finds the people who served them before, each once, and nobody else's.
begin;
select plan(8);

-- Given a salon where a colouring takes Ann, a chair, and Ben beside her; and a class that Cleo gives
select tests.at('2031-05-05 06:00Z');
select tests.person('owner');
select tests.person('mia');
select tests.person('noah');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.resource('Dora', 'Salon');
select tests.resource('Chair', 'Salon', 'room');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Dora');
select tests.takes('Cut', 'Chair', 'all', 'chairs');
select tests.service('Colouring', 'Salon', 60, 9000);
select tests.takes('Colouring', 'Ann');
select tests.takes('Colouring', 'Ben', 'all', 'assistants');

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text, who text, service text, starts_at text, whom text)
returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.act_as(who);
    perform tests.note(called, (public.book(
        tests.id(service)::text, book.starts_at, resource_id => tests.id(whom)::text
    )).id);
end;
$$;

select tests.book('cut', 'mia', 'Cut', '2031-05-05T09:00:00+02:00', 'Ann');
select tests.book('colour', 'mia', 'Colouring', '2031-05-05T10:00:00+02:00', 'Ann');
select tests.book('later', 'mia', 'Cut', '2031-05-07T10:00:00+02:00', 'Dora');
select tests.book('other', 'noah', 'Cut', '2031-05-05T11:00:00+02:00', 'Dora');

select tests.act_as('mia');
select is_empty(
    'select * from public.past_professionals', 'before anything took place there is nobody'
);

select tests.at('2031-05-05 12:00Z');
select tests.act_as('owner');
select public.complete_booking(tests.id(name)::text)
from unnest('{cut,colour,other}'::text[]) as done (name);
select is_empty(
    'select * from public.past_professionals',
    'the owner, who reads all bookings, was served in none'
);

select tests.act_as('mia');
select results_eq(
    $$ select name, bookings, last_at from public.past_professionals order by name $$,
    $$ values
        ('Ann', 2::bigint, '2031-05-05 08:00Z'::timestamptz),
        ('Ben', 1, '2031-05-05 08:00Z') $$,
    'Mia was served by Ann twice and by Ben beside her; a chair is no person'
);
select tests.act_as('noah');
select results_eq(
    'select name from public.past_professionals', $$ values ('Dora') $$,
    'Noah by Dora, whom Mia has only booked'
);

select tests.act_as_owner();
update catalog.resources set is_active = false, name = 'Ann B.' where id = tests.id('Ann');
select tests.act_as('mia');
select results_eq(
    $$ select name, is_active from public.past_professionals order by name $$,
    $$ values ('Ann B.', false), ('Ben', true) $$,
    'they have the name that they have now, and it says who left'
);
select tests.act_as_owner();
update business.businesses set is_active = false where id = tests.id('Salon');
select tests.act_as('mia');
select is(
    (select count(*) from public.past_professionals), 2::bigint,
    'a business that is hidden from others stays known to its customers'
);
select throws_ok(
    'delete from public.past_professionals', '42501', null, 'nobody changes what took place'
);
select tests.act_as_anon();
select throws_ok(
    'select * from public.past_professionals', '42501', null,
    'whoever has no account has no past'
);
select finish();
rollback;
