-- Payouts: what is available is paid once, above a threshold only with approval, and never by the
-- one who asked. What fails is open again.
begin;
select plan(61);

-- Given a salon with earnings, its owner who is also of the platform's finance staff, and a clerk
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('clerk');
select tests.person('support');
select tests.business('Salon', 'owner', 'Europe/Berlin', 'USD');
select tests.member('staff', 'Salon', 'staff');
select tests.person('rival');
select tests.business('Other', 'rival', 'UTC', 'USD');
insert into identity.platform_staff (user_id, role)
values (tests.id('owner'), 'finance'), (tests.id('clerk'), 'finance'),
(tests.id('support'), 'support');

/* What a sale of a line earned, paid by the customer and delivered now. */
create function tests.earn(minor bigint) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale_id uuid = gen_random_uuid();
    v_payment_id uuid = gen_random_uuid();
begin
    insert into sales.sales (id, business_id, currency, placed_at)
    values (v_sale_id, tests.id('Salon'), 'USD', private.now());
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (tests.id('Salon'), v_sale_id, 0, 'agreed', private.now());
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
    )
    values (tests.id('Salon'), v_sale_id, 1, 0, 'service', 'Cut', 1, minor, minor);
    insert into money.payments (
        id, provider, currency, amount_minor, capture, to_capture_minor, return_url, expires_at
    )
    values (v_payment_id, 'sandbox', 'USD', minor, 'now', minor, 'https://x.example', 'infinity');
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor
    )
    values (tests.id('Salon'), v_sale_id, v_payment_id, 'sandbox', 'USD', minor);
    update money.payment_parts set captured_minor = minor where payment_id = v_payment_id;
    perform sales.deliver_lines(tests.id('Salon'), v_sale_id);
    return v_sale_id;
end;
$$;
create function tests.balance(kind money.account_kind, of text default null) returns bigint
language sql stable security definer set search_path = ''
as $$
    select money.balance(
        money.account_id(
            kind, 'USD', (select names.id from tests.names where names.name = of),
            case kind when 'provider' then 'sandbox' end, null
        )
    )
$$;
create function tests.statement(month text, part text) returns bigint
language sql stable security invoker set search_path = ''
as $$
    select lines.amount_minor
    from public.payout_statement(tests.id('Salon')::text, 'USD', month) as lines
    where lines.kind = part
$$;
create function tests.last_payout() returns money.payouts
language sql stable security definer set search_path = ''
as $$ select * from money.payouts order by created_at desc, amount_minor desc limit 1 $$;
create function tests.sent(actor text) returns bigint
language sql stable security definer set search_path = ''
as $$ select count(*) from pgmq.q_payouts where message ->> 'actor_name' = actor $$;
grant execute on all functions in schema tests to anon, authenticated;

-- An account is opened by who handles the money, and used once the provider says so
select tests.act_as('staff');
select throws_ok(
    format($$select public.set_payout_account(%L, 'USD', 'sandbox')$$, tests.id('Salon')),
    'PT403', null, 'staff do not decide where a business is paid'
);
select tests.act_as('owner');
select throws_ok(
    format($$select public.set_payout_account(%L, 'USD', 'cash')$$, tests.id('Salon')),
    'PT400', null, 'cash pays nobody out'
);
select is(
    (public.set_payout_account(tests.id('Salon')::text, 'USD', 'sandbox', 'weekly', '500')).status,
    'pending', 'an owner opens a payout account'
);
select is(tests.sent('open_payout_account'), 1::bigint, 'a worker opens it at the provider');
select throws_ok(
    format($$select public.request_payout(%L, 'USD')$$, tests.id('Salon')),
    'PT409', 'The business has no active payout account in this currency.',
    'nothing is paid before the provider agrees'
);
select tests.act_as_role('worker');
select money.note_payout_account(tests.id('Salon'), 'USD', 'acct_1');
select money.record_payout_account('sandbox', 'acct_1', true, '{}');
select tests.act_as('owner');
select is(
    (select payout_accounts.status::text from public.payout_accounts), 'active',
    'the provider says when the account is active'
);
select is(
    (select payout_accounts.next_run_at from public.payout_accounts), '2031-03-09 23:00Z',
    'a weekly account is looked at on Monday at midnight in Berlin'
);

-- What is earned waits for the hold, then is paid once
select tests.act_as_owner();
select tests.earn(60000);
select tests.act_as('owner');
select throws_ok(
    format($$select public.request_payout(%L, 'USD')$$, tests.id('Salon')),
    'PT409', 'What can be paid out now is less than the minimum of the account.',
    'earnings wait for two days'
);
select tests.at('2031-03-05 08:00Z');
select is(
    (public.request_payout(tests.id('Salon')::text, 'USD')).status, 'approved',
    'a payout below the threshold is approved at once'
);
select is((tests.last_payout()).amount_minor, 60000::bigint, 'it has everything that is available');
select is(tests.sent('execute_payout'), 1::bigint, 'and is handed to a worker');
select is(tests.balance('business_payable', 'Salon'), 0::bigint, 'nothing is owed any more');
select is(tests.balance('business_in_transit', 'Salon'), -60000::bigint, 'it is under way');
select throws_ok(
    format($$select public.request_payout(%L, 'USD')$$, tests.id('Salon')),
    'PT409', null, 'asking again pays nothing again'
);
select is(
    (select array_agg(items.amount_minor) from public.payout_items as items), array[60000]::bigint[],
    'its items say what it consists of'
);
select throws_ok(
    $$update public.payout_items set amount_minor = 1$$, null, null, 'no client writes items'
);
select tests.act_as_owner();
select throws_ok(
    $$update money.payouts set earning_ids = '{}'$$, 'PT409', null,
    'what a payout consists of stays, whoever writes'
);

-- The worker asks the provider with the same key, and writes down what it says
select tests.act_as_role('worker');
select is(money.chase_payouts(), 0, 'nobody chases a payout that was just made');
select tests.at('2031-03-05 09:00Z');
select is(money.chase_payouts(), 1, 'after an hour a worker is sent again');
select is(money.chase_payouts(), 0, 'once an hour');
select is(
    money.start_payout((tests.last_payout()).id) - '{began_at,key,description,reference}'::text[],
    '{"provider": "sandbox", "account": "acct_1", "amount_minor": 60000, "currency": "USD"}'::jsonb,
    'a worker learns what to ask for'
);
select is(
    money.start_payout((tests.last_payout()).id) ->> 'key',
    money.start_payout((tests.last_payout()).id) ->> 'key',
    'after a crash it asks with the same key'
);
select is(
    money.record_payout((tests.last_payout()).id, 'pending', 'po_1')::text, 'in_transit',
    'a provider may need time'
);
select is(
    money.record_payout((tests.last_payout()).id, 'succeeded', 'po_1')::text, 'paid',
    'then it is paid'
);
select is(
    money.record_payout((tests.last_payout()).id, 'succeeded', 'po_1')::text, 'paid',
    'hearing it again changes nothing'
);
select is(
    money.start_payout((tests.last_payout()).id), null, 'what is paid is not asked for again'
);
select tests.act_as_owner();
select is(tests.balance('business_in_transit', 'Salon'), 0::bigint, 'nothing is under way');
select is(tests.balance('provider'), -60000::bigint, 'the provider holds less for us');

-- A bank returns the money: it is open again, and the account waits for the provider
select tests.act_as_role('worker');
select is(
    money.record_payout((tests.last_payout()).id, 'failed', 'po_1', 'account_closed')::text,
    'failed', 'a bank may return what was paid'
);
select is(tests.sent('recall_payout'), 1::bigint, 'a worker brings the money back');
select isnt(
    money.start_recall((tests.last_payout()).id) ->> 'key', null, 'with a key of its own'
);
select money.reverse_payout((tests.last_payout()).id);
select tests.act_as_owner();
select is((tests.last_payout()).status::text, 'reversed', 'then the payout is reversed');
select is(tests.balance('provider'), 0::bigint, 'the provider holds it again');
select is(tests.balance('business_payable', 'Salon'), -60000::bigint, 'it is owed again');
select is(
    (select payout_accounts.status::text from money.payout_accounts), 'restricted',
    'the account pays nothing until the provider agrees'
);
select throws_ok(
    $$update money.payouts set status = 'paid'$$, 'PT409', null, 'no step leads back from there'
);

-- From the threshold on somebody else approves it, with a second factor
select money.record_payout_account('sandbox', 'acct_1', true, '{}');
select is(
    (select payout_runs.next_run_at from money.payout_runs), private.now(),
    'an account that can be paid out again is looked at by the next run'
);
select tests.earn(40000);
select tests.at('2031-03-07 10:00Z');
select tests.act_as('owner');
select is(
    (public.request_payout(tests.id('Salon')::text, 'USD')).status, 'pending',
    'a payout of exactly the threshold waits for approval'
);
select tests.act_with_factor('owner');
select throws_ok(
    format($$select public.approve_payout(%L)$$, (tests.last_payout()).id),
    'PT403', 'Nobody decides about a payout that they requested.',
    'nobody approves what they requested'
);
select throws_ok(
    format(
        $$insert into money.payout_decisions (business_id, payout_id, decision)
        values (%L, %L, 'approve')$$,
        tests.id('Salon'), (tests.last_payout()).id
    ),
    '42501', null, 'nor by writing the decision directly'
);
select tests.act_as('clerk');
select throws_ok(
    format($$select public.approve_payout(%L)$$, (tests.last_payout()).id),
    'PT403', 'This needs a second factor.', 'a clerk needs a second factor'
);
select throws_ok(
    format(
        $$insert into money.payout_decisions (business_id, payout_id, decision)
        values (%L, %L, 'approve')$$,
        tests.id('Salon'), (tests.last_payout()).id
    ),
    '42501', null, 'also where a clerk writes the decision directly'
);
select tests.act_with_factor('support');
select throws_ok(
    format($$select public.approve_payout(%L)$$, (tests.last_payout()).id),
    'PT403', null, 'support does not decide'
);
select tests.act_with_factor('clerk');
select is(
    (public.reject_payout((tests.last_payout()).id::text, 'Looks odd')).status, 'rejected',
    'a clerk rejects it'
);
select throws_ok(
    format($$select public.approve_payout(%L)$$, (tests.last_payout()).id),
    'PT409', null, 'what was decided stays decided'
);
select is(
    tests.balance('business_payable', 'Salon'), -100000::bigint, 'its earnings are open again'
);
select tests.act_as('owner');
select public.request_payout(tests.id('Salon')::text, 'USD');
select tests.act_with_factor('clerk');
select is(
    (
        select (public.approve_payout(payouts.id::text)).status::text
        from public.payouts where payouts.status = 'pending'
    ),
    'approved', 'and approves the next one'
);
select tests.act_as('rival');
select is((select count(*) from public.payouts), 0::bigint, 'another business sees nothing of it');

-- A refund after the payout makes the balance negative, and later earnings carry it
select tests.act_as_owner();
select tests.earn(1000);
select money.take_from_earnings(
    tests.id('Salon'), 'USD', 'dispute', 3000, money.account('disputes', 'USD')
);
select tests.at('2031-03-10 08:00Z');
select is(money.run_payouts(10), 1, 'a run looks at the account on Monday');
select is(
    (select count(*) from money.payouts where payouts.created_at = private.now()), 0::bigint,
    'a negative balance is not paid'
);
select is(
    (select sum(open_earnings.amount_minor)::bigint from money.open_earnings), -2000::bigint,
    'it is carried'
);
select is(money.run_payouts(10), 0, 'the account is not looked at again this week');
select tests.earn(9000);
select tests.at('2031-03-17 08:00Z');
select money.run_payouts(10);
select is(
    (select payouts.amount_minor from money.payouts where payouts.created_at = private.now()),
    7000::bigint, 'the next earnings pay it first'
);
select is(
    (
        select array_agg(payouts.requested_by)
        from money.payouts where payouts.created_at = private.now()
    ),
    array[null]::uuid[], 'nobody requested what the schedule made'
);

-- The statement of a month begins where the last one ended, and the reports equal the ledger
select tests.act_as('owner');
select is(tests.statement('2031-03-31', 'opening'), 0::bigint, 'the first month opens with nothing');
select is(
    tests.statement('2031-03-31', 'sales'), 110000::bigint, 'it has what was delivered in it'
);
select is(
    tests.statement('2031-03-31', 'closing'),
    (
        select sum(lines.amount_minor)::bigint
        from public.payout_statement(tests.id('Salon')::text, 'USD', '2031-03-01') as lines
        where lines.kind <> 'closing'
    ),
    'opening and movements are the closing'
);
select is(
    tests.statement('2031-04-30', 'opening'), tests.statement('2031-03-31', 'closing'),
    'the next month opens with it'
);
select is(
    tests.statement('2031-03-31', 'closing'), - tests.balance('business_payable', 'Salon'),
    'and it is what the ledger says'
);
select tests.act_as('rival');
select throws_ok(
    format($$select public.payout_statement(%L, 'USD', '2031-03-01')$$, tests.id('Salon')),
    'PT403', null, 'another business does not read it'
);
select tests.act_as_role('analyst');
select is(
    (
        select sum(payout_report.amount_minor)::bigint from analytics.payout_report
        where payout_report.status not in ('reversed', 'rejected', 'paid')
    ),
    - tests.balance('business_in_transit', 'Salon'), 'the report of payouts equals the ledger'
);
select * from finish();
rollback;
