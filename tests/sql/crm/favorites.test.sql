-- Users keep businesses as favorites: each once, for themselves alone.
begin;
select plan(13);

-- Given two salons that are open, one that is not, and two customers
select tests.person('owner');
select tests.person('mia');
select tests.person('noah');
select tests.business('Salon', 'owner');
select tests.business('Barber', 'owner');
select tests.business('Hidden', 'owner');
update business.businesses set is_active = false where id = tests.id('Hidden');

select tests.act_as('mia');
select lives_ok(
    $$ insert into public.favorites (business_id) values (tests.id('Salon')), (tests.id('Barber')) $$,
    'Mia has two favorites'
);
select throws_ok(
    $$ insert into public.favorites (business_id) values (tests.id('Salon')) $$,
    '23505', null, 'each once'
);
select throws_ok(
    $$ insert into public.favorites (business_id) values (tests.id('Hidden')) $$,
    'PT404', null, 'a business that she does not see is none'
);
select throws_ok(
    $$ insert into public.favorites (user_id, business_id)
       values (tests.id('noah'), tests.id('Salon')) $$,
    '42501', null, 'she has none in the name of somebody else'
);
select throws_ok(
    $$ insert into public.favorites (business_id, created_at)
       values (tests.id('Salon'), '2000-01-01') $$,
    '42501', null, 'and does not say since when'
);
select throws_ok(
    $$ update public.favorites set business_id = tests.id('Hidden') $$,
    '42501', null, 'a favorite does not become another'
);
select results_eq(
    'select business_id from public.favorites order by business_id = tests.id($a$Salon$a$) desc',
    $$ values (tests.id('Salon')), (tests.id('Barber')) $$, 'she sees both'
);

select tests.act_as('noah');
select is_empty('select * from public.favorites', 'Noah does not see them');
delete from public.favorites;
select tests.act_as('owner');
select is_empty('select * from public.favorites', 'nor does the owner of the salon');
select tests.act_as_anon();
select throws_ok(
    'select * from public.favorites', '42501', null, 'nor anybody without an account'
);

select tests.act_as('mia');
select is(
    (select count(*) from public.favorites), 2::bigint, 'what Noah deleted was not hers'
);
delete from public.favorites where business_id = tests.id('Barber');
select is((select count(*) from public.favorites), 1::bigint, 'she deletes her own');
select tests.act_as_owner();
delete from auth.users where id = tests.id('mia');
select is_empty('select * from crm.favorites', 'they go with her account');
select finish();
rollback;
