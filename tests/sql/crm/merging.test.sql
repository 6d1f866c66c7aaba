-- The salon finds out that two customers are one: with an account each, credit, a membership and
-- visits that they missed. Nothing is lost, one membership stays alive, and it can be undone.
begin;
select plan(47);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner');
select tests.person('manager');
select tests.person('stan');
select tests.person('mia');
select tests.person('mimi');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.member('manager', 'Salon', 'manager');
select tests.member('stan', 'Salon', 'staff');
select tests.business('Other', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.named('silver'), tests.named('gold');
insert into memberships.membership_plans (id, business_id, name, rank, access, trial_days)
values
(tests.id('silver'), tests.id('Salon'), 'Silver', 1, 'silver', 14),
(tests.id('gold'), tests.id('Salon'), 'Gold', 2, 'gold', 14);
insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
select tests.id('Salon'), plan_id, 'EUR', 3000
from unnest(array[tests.id('silver'), tests.id('gold')]) as plan_id;

create function tests.customer(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select id from customers.customers where user_id = tests.id(called) $$;
create function tests.credit(called text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(spendable_balances.balance_minor), 0)::bigint
    from money.spendable_balances
    inner join money.accounts on accounts.id = spendable_balances.account_id
    where accounts.owner_id = tests.customer(called)
$$;
create function tests.live(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(membership_plans.name, ', ')
    from memberships.memberships
    inner join memberships.membership_plans on membership_plans.id = memberships.plan_id
    where
        memberships.customer_id = tests.customer(called)
        and memberships.status_at(memberships, private.now()) in ('trialing', 'active')
$$;
create function tests.merge() returns text
language sql stable security definer set search_path = ''
as $$ select id::text from crm.mergers order by merged_at desc limit 1 $$;
create function tests.misses(called text, starts_at timestamptz) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    update scheduling.bookings set status = 'no_show'
    where bookings.customer_id = tests.id(called) and bookings.starts_at = misses.starts_at;
end;
$$;
grant execute on all functions in schema tests to anon, authenticated;

create function tests.points(called text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(lots.points), 0)::bigint
    from loyalty.accounts
    left join loyalty.lots on lots.customer_id = accounts.customer_id
    where accounts.customer_id = tests.customer(called)
    having coalesce(sum(lots.points), 0) = max(accounts.points)
$$;
grant execute on all functions in schema tests to anon, authenticated;
insert into loyalty.programs (
    business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
)
values (tests.id('Salon'), 'Points', 'EUR', 1, 100, 1, 1);

-- Both have a membership, bookings, credit, notes and tags.
select tests.act_as('mia');
select public.join_membership(tests.id('silver')::text);
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z');
select public.book(tests.id('Cut')::text, '2031-05-07T09:00:00Z');
select tests.act_as('mimi');
select public.join_membership(tests.id('gold')::text);
select public.book(tests.id('Cut')::text, '2031-05-06T11:00:00Z');
select tests.act_as('owner');
select public.issue_credit(tests.id('Salon')::text, tests.customer('mia')::text, '500', 'Sorry.');
select public.issue_credit(tests.id('Salon')::text, tests.customer('mimi')::text, '700', 'Sorry.');
select public.adjust_points(
    tests.id('Salon')::text, tests.customer('mia')::text, '30', 'Welcome.'
);
select public.adjust_points(
    tests.id('Salon')::text, tests.customer('mimi')::text, '40', 'Welcome.'
);
insert into public.customer_notes (business_id, customer_id, kind, body) values
(tests.id('Salon'), tests.customer('mia'), 'allergy', 'Nuts.'),
(tests.id('Salon'), tests.customer('mimi'), 'preference', 'Tea.');
insert into public.customer_tags (business_id, customer_id, tag) values
(tests.id('Salon'), tests.customer('mia'), 'VIP'),
(tests.id('Salon'), tests.customer('mimi'), 'VIP'),
(tests.id('Salon'), tests.customer('mimi'), 'Regular');
select tests.act_as_owner();
select tests.at('2031-05-06 13:00Z');
select tests.misses('mia', '2031-05-06T09:00:00Z'), tests.misses('mimi', '2031-05-06T11:00:00Z');
update customers.customers set phone = '+4930123456' where id = tests.customer('mimi');

-- Who may not.
select tests.act_as('stan');
select throws_ok(
    $$ select public.merge_customers(tests.customer('mia')::text, tests.customer('mimi')::text) $$,
    'PT403', null, 'staff merge nobody'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.merge_customers(tests.customer('mia')::text, tests.customer('mimi')::text) $$,
    'PT404', null, 'another business merges nobody of the salon'
);
select tests.act_as('mia');
select throws_ok(
    $$ select public.merge_customers(tests.customer('mia')::text, tests.customer('mimi')::text) $$,
    'PT404', null, 'customers do not merge themselves'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.merge_customers(tests.customer('mia')::text, tests.customer('mimi')::text) $$,
    'PT401', null, 'nobody merges without an account'
);
select tests.act_as('manager');
select throws_ok(
    $$ select public.merge_customers(tests.customer('mia')::text, tests.customer('mia')::text) $$,
    'PT400', null, 'nobody is merged into themselves'
);

-- A manager merges.
select is(
    (
        public.merge_customers(tests.customer('mia')::text, tests.customer('mimi')::text)
    ).id,
    tests.customer('mia'),
    'a manager merges two customers'
);
select is(
    (
        public.merge_customers(tests.customer('mia')::text, tests.customer('mimi')::text)
    ).id,
    tests.customer('mia'),
    'and again, which changes nothing'
);
select is((select count(*) from public.customer_merges), 1::bigint, 'it is one merger');
select throws_ok(
    $$ select public.merge_customers(tests.customer('mimi')::text, tests.customer('mia')::text) $$,
    'PT409', null, 'they are not merged the other way as well'
);
select is(tests.credit('mia'), 1200::bigint, 'credit adds up');
select is(tests.credit('mimi'), 0::bigint, 'and is in one place');
select is(tests.points('mia'), 70::bigint, 'points add up');
select is(tests.points('mimi'), 0::bigint, 'and are in one place');
select is(
    (public.customer_figures(tests.customer('mia')::text)).no_show_count, 2::bigint,
    'so do the visits that they missed'
);
select is(
    (public.customer_figures(tests.customer('mia')::text)).booking_count, 3::bigint,
    'and all bookings'
);
select is(tests.live('mia'), 'Gold', 'the higher membership stays alive');
select is(tests.live('mimi'), null, 'and it is the only one');
select is(
    (
        select count(*) from public.memberships where customer_id = tests.customer('mia')
    ),
    2::bigint,
    'the other one is in the history'
);
select results_eq(
    $$ select body from public.customer_notes where customer_id = tests.customer('mia')
       order by body $$,
    array['Nuts.', 'Tea.'],
    'notes move'
);
select results_eq(
    $$ select tag from public.customer_tags where customer_id = tests.customer('mia')
       order by tag $$,
    array['Regular', 'VIP'],
    'tags move, each once'
);
select is(
    (select phone from public.customers where id = tests.customer('mia')), '+4930123456',
    'what was not known of the one is known now'
);
select is(
    (select merged_into_id from public.customers where id = tests.customer('mimi')),
    tests.customer('mia'),
    'the other row says who they are'
);
select is(
    (
        select count(*)
        from public.customer_timeline(tests.customer('mia')::text, '["membership", "credit"]')
    ),
    4::bigint,
    'the timeline has what both had'
);
select tests.act_as('mimi');
select ok(
    public.is_member(business_id => tests.id('Salon')::text),
    'the second account is a member as before'
);
select is(
    (
        select - sum(balance_minor)::bigint from public.ledger_balances
        where kind = 'customer_credit'
    ),
    1200::bigint,
    'and sees the credit of both'
);
select is_empty($$ select * from public.customer_notes $$, 'notes stay hidden from both');
select is_empty($$ select * from public.customer_merges $$, 'and so does the merger');
select throws_ok(
    $$ select public.unmerge_customers(tests.merge()) $$, 'PT404', null, 'a customer undoes none'
);
select tests.act_as('mia');
select ok(
    public.is_member(plan_id => tests.id('gold')::text),
    'the first account is a member of the higher plan now'
);

-- Whatever is written about the other one later is about the one who stayed.
select tests.act_as('owner');
select public.issue_credit(tests.id('Salon')::text, tests.customer('mimi')::text, '50', 'Late.');
select is(tests.credit('mia'), 1250::bigint, 'credit for the other one is theirs');
insert into public.customer_notes (business_id, customer_id, kind, body)
values (tests.id('Salon'), tests.customer('mimi'), 'general', 'Late note.');
select is(
    (
        select count(*) from public.customer_notes where customer_id = tests.customer('mia')
    ),
    3::bigint,
    'and so is a note'
);

-- Undone.
select tests.act_as('stan');
select throws_ok(
    $$ select public.unmerge_customers(tests.merge()) $$, 'PT403', null, 'staff undo no merger'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.unmerge_customers(tests.merge()) $$,
    'PT404', null, 'neither does another business'
);
select tests.act_as('manager');
select is(
    (public.unmerge_customers(tests.merge())).id, tests.customer('mimi'),
    'a manager undoes the merger'
);
select is(
    (public.unmerge_customers(tests.merge())).id, tests.customer('mimi'),
    'and again, which changes nothing'
);
select is(tests.credit('mia'), 550::bigint, 'the one keeps what they got since');
select is(tests.credit('mimi'), 700::bigint, 'the other gets back what they had');
select is(tests.points('mia'), 30::bigint, 'each has the points');
select is(tests.points('mimi'), 40::bigint, 'that they had');
select is(tests.live('mia'), 'Silver', 'the membership that was ended lives again');
select is(tests.live('mimi'), 'Gold', 'and the other one is with whom it was');
select is(
    (public.customer_figures(tests.customer('mimi')::text)).no_show_count, 1::bigint,
    'each has the visits that they missed'
);
select results_eq(
    $$ select tag from public.customer_tags where customer_id = tests.customer('mimi')
       order by tag $$,
    array['Regular', 'VIP'],
    'tags are as before'
);
select is(
    (select phone from public.customers where id = tests.customer('mia')), null,
    'and so is the contact'
);
select is(
    (select count(*) from public.customer_merges where undone_at is not null), 1::bigint,
    'the history keeps it'
);
select tests.act_as_owner();
select lives_ok('select tests.require_balanced_ledger()', 'the ledger is balanced');
select results_eq(
    $$ select
           constraints.conrelid::regclass::text collate "C",
           columns.attname::text collate "C"
       from pg_catalog.pg_constraint as constraints
       inner join pg_catalog.pg_attribute as columns
           on
               columns.attrelid = constraints.conrelid
               and columns.attnum = any(constraints.conkey)
       where
           constraints.contype = 'f'
           -- Lots, entries and earnings of points name the customer by their account.
           and constraints.confrelid in (
               'customers.customers'::regclass, 'loyalty.accounts'::regclass
           )
           and columns.attname <> 'business_id'
       order by 1, 2 $$,
    $$ select relation collate "C", column_name collate "C" from crm.merge_rules
       order by 1, 2 $$,
    'every table that refers to customers has a rule'
);

select * from finish();
rollback;
