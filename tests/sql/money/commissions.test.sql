-- A delivered line is earned once: its terms are frozen, its shares posted in the same transaction.
-- Refunds take back at the frozen rate, whichever comes first.
begin;
select plan(42);

-- Given a salon whose commission of 15 % a partner and a referrer share with the platform
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.business('Salon', 'owner', 'America/New_York', 'USD');
select tests.person('pat');
select tests.business('Partner', 'pat', 'UTC', 'USD');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '00:00', '24:00');
select tests.service('Cut', 'Salon', 60, 10001);
select tests.takes('Cut', 'Ann');
insert into money.commission_plans (id, name, tax_treatment)
values (tests.named('plan'), 'Standard', 'vendor_remits');
insert into money.commission_tiers (plan_id, rate_bps) values (tests.id('plan'), 1500);
insert into money.commission_scopes (plan_id) values (tests.id('plan'));
insert into money.commission_shares (plan_id, level, weight)
values (tests.id('plan'), 'platform', 1), (tests.id('plan'), 'partner', 1),
(tests.id('plan'), 'referrer', 1);
insert into money.commission_parties (business_id, level, party_id)
values (tests.id('Salon'), 'partner', tests.id('Partner'));

create function tests.book(called text, starts_at text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.act_as('customer');
    perform tests.note(called, (public.book(tests.id('Cut')::text, starts_at)).id);
    perform tests.act_as_owner();
end;
$$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id from scheduling.bookings where bookings.id = tests.id(called) $$;
/* What a sale's first line left to the levels, the partner and the business. */
create function tests.levels(called text) returns bigint[]
language sql stable security definer set search_path = ''
as $$
    select array_agg(amount_minor - reversed_minor order by level)
    from money.commissions where commissions.sale_id = tests.sale_of(called)
$$;
create function tests.earned(called text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(amount_minor), 0)::bigint
    from money.earnings where earnings.sale_id = tests.sale_of(called)
$$;
create function tests.balance(kind money.account_kind, of text default null) returns bigint
language sql stable security definer set search_path = ''
as $$
    select money.balance(
        money.account_id(
            kind, 'USD', (select names.id from tests.names where names.name = of), null, null
        )
    )
$$;
create function tests.complete(called text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.act_as('owner');
    perform public.complete_booking(tests.id(called)::text);
    perform tests.act_as_owner();
end;
$$;
/* The customer pays a sale in the sandbox, as the worker writes it. */
create function tests.pay(called text, minor bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into money.payments (
        id, provider, currency, amount_minor, capture, to_capture_minor, return_url, expires_at
    )
    values (v_id, 'sandbox', 'USD', minor, 'now', minor, 'https://x.example', 'infinity');
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor
    )
    values (tests.id('Salon'), tests.sale_of(called), v_id, 'sandbox', 'USD', minor);
    update money.payment_parts set captured_minor = minor where payment_id = v_id;
end;
$$;
/* A refund of the first line that succeeds. */
create function tests.refund(called text, minor bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_part money.payment_parts = (
        select payment_parts from money.payment_parts
        where payment_parts.sale_id = tests.sale_of(called)
    );
    v_id uuid = gen_random_uuid();
begin
    insert into money.refunds (id, business_id, payment_id, currency, amount_minor, reason)
    values (v_id, v_part.business_id, v_part.payment_id, 'USD', minor, 'Sorry');
    insert into money.refund_parts (business_id, refund_id, sale_id, payment_id, amount_minor)
    values (v_part.business_id, v_id, v_part.sale_id, v_part.payment_id, minor);
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    select v_part.business_id, v_id, sale_lines.id, minor
    from sales.sale_lines where sale_lines.sale_id = v_part.sale_id and sale_lines.position = 1;
    update money.refunds set status = 'succeeded', finished_at = private.now() where id = v_id;
    perform money.post(v_part.business_id, 'refund', v_id, array[
        money.make_entry(
            money.account('business_pending', 'USD', business_id => v_part.business_id), minor
        ),
        money.make_entry(money.account('provider', 'USD', provider => 'sandbox'), - minor)
    ]);
end;
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Completing earns the line, once
select tests.book('first', '2031-03-04 15:00Z');
select tests.pay('first', 10001);
select is(tests.earned('first'), 0::bigint, 'what is only booked is not earned');
select tests.at('2031-03-04 16:00Z');
select tests.complete('first');
select is(
    (select count(*) from sales.sale_line_deliveries where sale_id = tests.sale_of('first')),
    1::bigint, 'a completed booking delivered its line'
);
select is(tests.earned('first'), 8501::bigint, 'the business earned the price less 15 %');
select is(
    tests.levels('first'), array[500, 500, 500]::bigint[], 'the levels share 1500 in thirds'
);
select is(
    tests.balance('business_payable', 'Salon'), -8501::bigint,
    'the ledger says the same in the same transaction'
);
select is(
    tests.balance('commission'), -1000::bigint,
    'the platform has its level and the one without a party'
);
select is(tests.balance('business_payable', 'Partner'), -500::bigint, 'the partner has the third');
select is(
    (
        select array_agg(earnings.kind::text || ' ' || earnings.amount_minor)
        from money.earnings where earnings.business_id = tests.id('Partner')
    ),
    array['commission 500'], 'the partner earned it as a commission'
);
select tests.complete('first');
select sales.deliver_lines(tests.id('Salon'), tests.sale_of('first'));
select is(tests.earned('first'), 8501::bigint, 'completing again earns nothing again');
select is(
    (
        select array_agg(open_earnings.available_at order by open_earnings.business_id)
        from money.open_earnings where open_earnings.sale_id = tests.sale_of('first')
    ),
    array['2031-03-06 16:00Z', '2031-03-06 16:00Z']::timestamptz[],
    'paid earnings can be paid out after two days'
);
select throws_ok(
    $$delete from sales.sale_line_deliveries$$, 'PT409', null, 'a delivery is never taken back'
);

-- Plans that change later change nothing
update money.commission_tiers set rate_bps = 9000 where commission_tiers.plan_id = tests.id('plan');

-- Refunds take back at the frozen rate, as a running total
select tests.refund('first', 3333);
select is(
    tests.levels('first'), array[334, 333, 333]::bigint[],
    'a third is taken back of every level, and the levels still add up'
);
select is(tests.earned('first'), 5668::bigint, 'and of what the business earned');
select tests.refund('first', 3333);
select is(
    tests.levels('first'), array[167, 167, 166]::bigint[], 'the running total is rounded'
);
select is(
    tests.balance('business_payable', 'Partner'), -167::bigint, 'the partner''s account follows'
);
select tests.refund('first', 3335);
select is(tests.levels('first'), array[0, 0, 0]::bigint[], 'the last refund leaves no commission');
select is(tests.earned('first'), 0::bigint, 'and nothing for the business');
select is(tests.balance('commission'), 0::bigint, 'nor for the platform');
select is(
    (
        select array_agg(distinct commissions.status::text)
        from public.commissions where commissions.sale_id = tests.sale_of('first')
    ),
    array['reversed'], 'its commissions are reversed'
);

-- A refund before the delivery leads to the same
update money.commission_tiers set rate_bps = 1500 where commission_tiers.plan_id = tests.id('plan');
select tests.book('second', '2031-03-05 15:00Z');
select tests.pay('second', 10001);
select tests.refund('second', 3333);
select is(tests.earned('second'), 0::bigint, 'a refund of what is not delivered reverses nothing');
select tests.at('2031-03-05 16:00Z');
select tests.complete('second');
select is(tests.earned('second'), 5668::bigint, 'a line refunded first earns as if refunded later');
select is(tests.levels('second'), array[334, 333, 333]::bigint[], 'and its levels too');

-- A charged fee is earned, what was cancelled is not
insert into catalog.cancellation_policies (id, business_id, name, is_default, no_show_fee_bps)
values (tests.named('policy'), tests.id('Salon'), 'Strict', true, 5000);
insert into catalog.cancellation_tiers (
    business_id, cancellation_policy_id, hours_before, fee_bps
)
values (tests.id('Salon'), tests.id('policy'), 240, 3000);
select tests.book('third', '2031-03-06 15:00Z');
select tests.act_as('customer');
select public.cancel_booking(tests.id('third')::text);
select tests.act_as_owner();
select is(
    tests.earned('third'), 2550::bigint, 'a cancellation fee of 3000 is earned less 15 %'
);
select is(
    (
        select array_agg(distinct open_earnings.available_at)
        from money.open_earnings where open_earnings.sale_id = tests.sale_of('third')
    ),
    array[null]::timestamptz[], 'nothing can be paid out before the customer pays'
);
select tests.pay('third', 3000);
select is(
    (
        select array_agg(distinct open_earnings.available_at)
        from money.open_earnings where open_earnings.sale_id = tests.sale_of('third')
    ),
    array['2031-03-07 16:00Z']::timestamptz[], 'it can two days later'
);

-- A no-show that is corrected gives the fee back
select tests.book('fourth', '2031-03-07 15:00Z');
select tests.at('2031-03-07 15:30Z');
select tests.act_as('owner');
select public.mark_no_show(tests.id('fourth')::text);
select tests.act_as_owner();
select is(tests.earned('fourth'), 4251::bigint, 'the no-show fee of 5001 is earned less 750');
select tests.complete('fourth');
select is(
    tests.earned('fourth'), 8501::bigint, 'once corrected, the service is earned and the fee is not'
);
select is(
    (
        select sum(commissions.amount_minor - commissions.reversed_minor)::bigint
        from money.commissions where commissions.sale_id = tests.sale_of('fourth')
    ),
    1500::bigint, 'nor is the commission on the fee'
);

-- The tier of the turnover of the month in the salon's zone, before the sale
insert into money.commission_tiers (plan_id, currency, from_minor, to_minor, rate_bps)
values (tests.id('plan'), 'USD', 0, 20000, 1000), (tests.id('plan'), 'USD', 20000, null, 500);
create function tests.rate_of(called text, placed_at timestamptz) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_line sales.sale_lines;
begin
    insert into sales.sales (id, business_id, currency, placed_at)
    values (tests.named(called), tests.id('Salon'), 'USD', placed_at) returning * into v_sale;
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (v_sale.business_id, v_sale.id, 0, 'agreed', placed_at);
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
    )
    values (v_sale.business_id, v_sale.id, 1, 0, 'service', 'Cut', 1, 10000, 10000)
    returning * into v_line;
    return (money.terms_of(v_sale, v_line)).rate_bps;
end;
$$;
select is(
    tests.rate_of('a', '2031-04-02 00:00Z'), 1000, 'the first sale of a month has the first tier'
);
select is(
    tests.rate_of('b', '2031-04-03 00:00Z'), 1000,
    'a sale whose own amount reaches the boundary has the tier from before'
);
select is(
    tests.rate_of('c', '2031-04-04 00:00Z'), 500, 'a turnover of exactly the boundary is in the next tier'
);
select is(
    tests.rate_of('d', '2031-05-01 03:59:59Z'), 500, 'the month ends at midnight in New York'
);
select is(tests.rate_of('e', '2031-05-01 04:00Z'), 1000, 'and the next one begins without turnover');

-- A discount that the platform bears is added back, and the platform pays it
create function tests.discounted(bearer text) returns money.line_terms
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_line sales.sale_lines;
    v_rate integer = tests.rate_of(bearer, '2031-06-01 12:00Z');
begin
    select sales.* into v_sale
    from sales.sales inner join tests.names on names.id = sales.id
    where names.name = bearer;
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor,
        discount_minor
    )
    values (v_sale.business_id, v_sale.id, 2, 0, 'service', 'Cut', 1, 10000, 10000, 2000)
    returning * into v_line;
    insert into sales.sale_line_discounts (
        business_id, sale_line_id, source, bearer, name, amount_minor
    )
    values (v_line.business_id, v_line.id, 'coupon', bearer, 'Spring', 2000);
    perform sales.deliver_lines(v_sale.business_id, v_sale.id, array[v_line.id]);
    return (select line_terms from money.line_terms where line_terms.sale_line_id = v_line.id);
end;
$$;
select is(
    (tests.discounted('business')).base_minor, 8000::bigint,
    'the base is less by a discount that the business bears'
);
select is(
    (
        select sum(earnings.amount_minor)::bigint from money.earnings
        where earnings.sale_id = tests.id('business')
    ),
    7200::bigint, 'and so is what it earns'
);
select is(
    (tests.discounted('platform')).base_minor, 10000::bigint,
    'a discount that the platform bears leaves the base as it is'
);
select is(
    (
        select sum(earnings.amount_minor)::bigint from money.earnings
        where earnings.sale_id = tests.id('platform')
    ),
    9000::bigint, 'and what the business earns'
);
select is(tests.balance('discounts_granted'), 2000::bigint, 'because the platform pays it');

-- Everything that the ledger owes a business is one of its earnings
select is(
    (
        select sum(open_earnings.amount_minor)::bigint from money.open_earnings
        where open_earnings.business_id = tests.id('Salon')
    ),
    - tests.balance('business_payable', 'Salon'), 'the earnings of the salon are its account'
);
select is(
    (
        select sum(commission_report.earned_minor - commission_report.reversed_minor)::bigint
        from analytics.commission_report
        where commission_report.party_id is null
    ),
    - tests.balance('commission'), 'the report of commissions equals the ledger'
);
select is(
    (
        select sum(commission_report.earned_minor - commission_report.reversed_minor)::bigint
        from analytics.commission_report
    ),
    (
        select sum(commissions.amount_minor - commissions.reversed_minor)::bigint
        from money.commissions
    ),
    'and the commissions of all levels'
);
select tests.act_as('owner');
select is(
    (
        select count(*) from public.commissions
        where commissions.sale_id = tests.sale_of('first') and commissions.level = 'platform'
    ),
    1::bigint, 'an owner reads what the business was charged'
);
select * from finish();
rollback;
