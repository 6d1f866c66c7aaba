-- A business that is not open shows to its members and its customers, and to nobody else.
begin;
select plan(4);

select tests.person('owner');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.person(role::text), tests.member(role::text, 'Salon', role)
from unnest(enum_range(null::business.member_role)) as role
where role <> 'owner';
insert into customers.customers (business_id, user_id, name)
values (tests.id('Salon'), tests.id('customer'), 'Cleo');
update business.businesses set is_active = false where id = tests.id('Salon');

create function pg_temp.sees(name text) returns boolean language plpgsql as $$
begin
    perform tests.act_as(name);
    return exists (select 1 from public.businesses where id = tests.id('Salon'));
end;
$$;
select ok(
    (
        select bool_and(pg_temp.sees(role::text))
        from unnest(enum_range(null::business.member_role)) as role
    ),
    'members of every role read a business that is switched off'
);
select ok(pg_temp.sees('customer'), 'so does a customer');
select ok(not pg_temp.sees('stranger'), 'nobody else does');
select tests.act_as('customer');
select is_empty(
    $$ select * from public.business_members where business_id = tests.id('Salon') $$,
    'and a customer is no member'
);

select * from finish();
rollback;
