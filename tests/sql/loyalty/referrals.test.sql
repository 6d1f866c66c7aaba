-- Customers refer others, and each side is rewarded once.
begin;
select plan(19);

-- Given a salon that rewards referrals, Mia who knows it, and Noah who does not
select tests.at('2031-03-03 08:00Z');
select tests.person(called) from unnest('{owner,mia,noah,zoe}'::text[]) as called;
select tests.business('Salon', 'owner');
select tests.business('Plain', 'owner');
select tests.resource('Ann', 'Salon', capacity => 40);
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
insert into loyalty.programs (
    business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor,
    referrer_points, referred_points
) values (tests.id('Salon'), 'Points', 'EUR', 1, 100, 1, 1, 30, 20);
create table tests.codes (called text primary key, code text);
grant all on tests.codes to authenticated;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text) returns void
language sql volatile security invoker set search_path = ''
as $$
    select tests.note(called, (public.book(tests.id('Cut')::text, '2031-03-04 09:00Z')).id)
$$;
create function tests.complete(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform tests.at('2031-03-04 09:00Z');
    update scheduling.bookings set status = 'completed' where id = tests.id(called);
    perform tests.at('2031-03-03 08:00Z');
end;
$$;
create function tests.take_back(called text) returns void
language sql volatile security definer set search_path = ''
as $$
    select sales.revise_sale(
        sale_lines.business_id, sale_lines.sale_id, 'refunded',
        array[sales.make_change(
            sale_lines.kind, sale_lines.id, sale_lines.service_id, sale_lines.name, -5000
        )]
    )
    from sales.sale_lines
    inner join scheduling.bookings on bookings.sale_id = sale_lines.sale_id
    where bookings.id = tests.id(called) and revision = 0
$$;
create function tests.points(called text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select accounts.points - accounts.debt_points from loyalty.accounts
    where customer_id = customers.customer_of(tests.id('Salon'), tests.id(called), null)
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Codes
select tests.act_as_anon();
select throws_ok(
    $$ select public.referral_code(tests.id('Salon')::text) $$, 'PT401', null,
    'nobody has a code without signing in'
);
select tests.act_as('mia');
insert into tests.codes values ('mia', public.referral_code(tests.id('Salon')::text));
select is(
    public.referral_code(tests.id('Salon')::text), (select code from tests.codes),
    'a code stays the same'
);
select throws_ok(
    $$ select public.referral_code(tests.id('Plain')::text) $$, 'PT404', null,
    'a business without a program has none'
);
select throws_ok(
    $$ select public.accept_referral(tests.id('Salon')::text, (select code from tests.codes)) $$,
    'PT409', 'Nobody refers themselves.', 'nobody refers themselves'
);

-- A referral
select tests.act_as('noah');
select throws_ok(
    $$ select public.accept_referral(tests.id('Salon')::text, 'NOTHING2') $$, 'PT404', null,
    'a wrong code is refused'
);
select lives_ok(
    $$ select public.accept_referral(tests.id('Salon')::text, (select lower(code) from tests.codes)) $$,
    'somebody new says who referred them'
);
select lives_ok(
    $$ select public.accept_referral(tests.id('Salon')::text, (select code from tests.codes)) $$,
    'and may say it again'
);
insert into tests.codes values ('noah', public.referral_code(tests.id('Salon')::text));
select tests.act_as('mia');
select throws_ok(
    $$ select public.accept_referral(
           tests.id('Salon')::text, (select code from tests.codes where called = 'noah')) $$,
    'PT409', 'You referred this customer.', 'but not two of each other'
);
select is((select count(*) from public.referrals), 1::bigint, 'both sides read the referral');
select tests.act_as('zoe');
select is_empty('table public.referrals', 'and nobody else');
insert into tests.codes values ('zoe', public.referral_code(tests.id('Salon')::text));
select tests.act_as('noah');
select throws_ok(
    $$ select public.accept_referral(
           tests.id('Salon')::text, (select code from tests.codes where called = 'zoe')) $$,
    'PT409', 'Somebody else referred you already.', 'nobody is referred twice'
);

-- One reward for each side, after the first completed sale
select tests.book('first');
select tests.book('second');
select tests.act_as_owner();
select is(tests.points('mia'), null, 'a booking rewards nobody');
select tests.complete('first');
select is(tests.points('mia'), 30::bigint, 'the first completed one rewards whoever referred');
select is(tests.points('noah'), 70::bigint, 'and whoever was referred, beside its own points');
select tests.complete('second');
select is(tests.points('mia'), 30::bigint, 'the second one rewards nobody again');
select is(tests.points('noah'), 120::bigint, 'and earns only its own points');
select tests.take_back('first');
select is(tests.points('mia'), 0::bigint, 'a refund takes the reward back');
select is(tests.points('noah'), 50::bigint, 'from both');
select tests.act_as('noah');
select throws_ok(
    $$ select public.accept_referral(
           tests.id('Salon')::text, (select code from tests.codes where called = 'zoe')) $$,
    'PT409', null, 'whoever was served already is not new'
);

select * from finish();
rollback;
