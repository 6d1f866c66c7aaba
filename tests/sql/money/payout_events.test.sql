-- What a provider says of payouts and of payout accounts arrives as events: in any order, more than
-- once, and sometimes of what is not ours.
begin;
select plan(15);

-- Given a salon with an account at the sandbox, and a payout of 50.00 under way
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.business('Salon', 'owner', 'Europe/Berlin', 'EUR');
insert into money.payout_accounts (business_id, currency, provider, provider_reference, status)
values (tests.id('Salon'), 'EUR', 'sandbox', 'acct_1', 'active');
select money.take_from_earnings(
    tests.id('Salon'), 'EUR', 'cash', -5000, money.account('disputes', 'EUR')
);
select tests.act_as('owner');
select public.request_payout(tests.id('Salon')::text, 'EUR');
select tests.act_as_owner();
select money.start_payout(payouts.id) from money.payouts;

/* Receive an event as the edge does, and apply it as a worker does. */
create function tests.hear(event_id text, kind text, reference text, data jsonb default '{}')
returns text
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.receive_event(
        jsonb_build_object(
            'provider', 'sandbox', 'event_id', event_id, 'kind', kind,
            'object_reference', reference, 'key', data ->> 'key', 'data', data
        ),
        ''
    );
    return money.apply_event(
        (select events.id from money.provider_events as events where events.event_id = hear.event_id)
    );
end;
$$;
create function tests.payout_status() returns text
language sql stable security definer set search_path = ''
as $$ select payouts.status::text from money.payouts $$;
create function tests.sent(actor text) returns bigint
language sql stable security definer set search_path = ''
as $$ select count(*) from pgmq.q_payouts where message ->> 'actor_name' = actor $$;

-- An event of a payout that nobody knows waits; one that names our key is ours
select is(
    tests.hear('evt_1', 'payout.paid', 'po_of_others'), 'parked',
    'a payout that nobody here asked for is parked'
);
select is(tests.payout_status(), 'in_transit', 'and changes nothing');
select is(
    tests.hear(
        'evt_2', 'payout.paid', 'po_1',
        (
            select jsonb_build_object('key', effects.idempotency_key)
            from private.effects
            where effects.effect = 'payout'
        )
    ),
    'applied', 'an event that overtook the answer is found by our key'
);
select is(tests.payout_status(), 'paid', 'the payout is paid');
select is(
    (select payouts.provider_reference from money.payouts), 'po_1',
    'and the name that the provider has for it is known from now on'
);
select is(tests.hear('evt_2', 'payout.paid', 'po_1'), null, 'the same event again does nothing');
select is(
    tests.hear('evt_3', 'payout.paid', 'po_1'), 'unchanged',
    'the same news under another id changes nothing'
);

-- The bank returns the money days later
select is(
    tests.hear('evt_4', 'payout.failed', 'po_1', '{"reason": "account_closed"}'), 'applied',
    'a bank may return what was paid'
);
select is(tests.payout_status(), 'failed', 'then the payout failed');
select is(
    (select payouts.failure from money.payouts), 'account_closed', 'for the reason that came along'
);
select is(tests.sent('recall_payout'), 1::bigint, 'a worker brings the money back');
select is(
    tests.hear('evt_5', 'payout.paid', 'po_1'), 'unchanged',
    'that it was paid, coming late, changes nothing any more'
);
select money.reverse_payout(payouts.id) from money.payouts;
select is(
    tests.hear('evt_6', 'payout.failed', 'po_1'), 'unchanged',
    'nor that it failed, once it is reversed'
);

-- An account changed: a worker asks what it may do now
select tests.hear('evt_7', 'account.updated', 'acct_1');
select is(
    tests.sent('refresh_payout_account'), 1::bigint, 'a worker asks the provider about the account'
);
select is(
    tests.hear('evt_8', 'account.updated', 'acct_of_others'), 'parked',
    'an account that nobody here has is parked'
);
select * from finish();
rollback;
