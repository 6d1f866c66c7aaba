-- Managers keep groups of customers; staff read them; other businesses never do.
begin;
select plan(9);

select tests.person('owner');
select tests.person('stan');
select tests.person('rival');
select tests.person('customer');
select tests.business('Salon', 'owner');
select tests.member('stan', 'Salon', 'staff');
select tests.business('Other', 'rival');
insert into customers.customers (id, business_id, user_id, name)
values (tests.named('cust'), tests.id('Salon'), tests.id('customer'), 'Cleo');

select tests.act_as('owner');
select lives_ok(
    $$ insert into public.customer_groups (id, business_id, name)
       values (tests.named('regulars'), tests.id('Salon'), 'Regulars') $$,
    'a manager makes a group'
);
select throws_ok(
    $$ insert into public.customer_groups (business_id, name)
       values (tests.id('Salon'), 'Regulars') $$,
    'PT409', null, 'once by a name'
);
select throws_ok(
    $$ insert into public.customer_groups (business_id, name)
       values (tests.id('Salon'), e'two\nlines') $$,
    'PT400', null, 'in one line'
);
select lives_ok(
    $$ insert into public.customer_group_members (business_id, customer_group_id, customer_id)
       values (tests.id('Salon'), tests.id('regulars'), tests.id('cust')) $$,
    'and puts a customer into it'
);

select tests.act_as('stan');
select is((select count(*) from public.customer_group_members), 1::bigint, 'staff read groups');
select throws_ok(
    $$ insert into public.customer_groups (business_id, name) values (tests.id('Salon'), 'Mine') $$,
    'PT403', null, 'and make none'
);

select tests.act_as('rival');
select is_empty($$ select * from public.customer_groups $$, 'another business sees no group');
select throws_ok(
    $$ insert into public.customer_group_members (business_id, customer_group_id, customer_id)
       values (tests.id('Other'), tests.id('regulars'), tests.id('cust')) $$,
    'PT404', null, 'and cannot point at one'
);

select tests.act_as('customer');
select results_eq(
    $$ select name from public.customers $$, array['Cleo'], 'a customer reads what is kept of them'
);

select * from finish();
rollback;
