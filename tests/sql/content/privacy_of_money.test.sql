-- Somebody who paid in every way is erased: nothing of them is left in the tables of money but what
-- the books keep, and the ledger says what it said before.
begin;
select plan(9);

-- Given a customer with a saved card who paid, got a refund, went to the bank and holds credit and
-- a gift card; and a business that was paid out
select tests.at('2031-03-03 08:00Z');
select tests.person('Nora');
select tests.person('Cleo');
select tests.person('Finn');
select identity.set_platform_role(tests.id('Finn'), 'finance');
select tests.business('Loft', owned_by => 'Nora');
update auth.users
set phone = '4917012345', phone_confirmed_at = now(), raw_user_meta_data = '{"full_name": "Cleo Quast"}'
where id = tests.id('Cleo');
update identity.profiles set full_name = 'Cleo Quast' where id = tests.id('Cleo');
insert into customers.customers (id, business_id, user_id, name, email)
values (tests.named('Cleo at Loft'), tests.id('Loft'), tests.id('Cleo'), 'Cleo Quast', 'cleo@example.com');
insert into money.commission_plans (id, name) values (tests.named('Plan'), 'Ten percent');
insert into money.commission_tiers (plan_id, rate_bps) values (tests.id('Plan'), 1000);
insert into money.commission_shares (plan_id, level, weight) values (tests.id('Plan'), 'platform', 1);
insert into money.commission_scopes (plan_id) values (tests.id('Plan'));
select tests.business('Partner', owned_by => 'Finn');
insert into money.commission_parties (business_id, level, party_id)
values (tests.id('Loft'), 'partner', tests.id('Partner'));
insert into money.payment_settings (business_id) values (tests.id('Loft'));
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('Card'), tests.id('Cleo'), 'sandbox', 'card_1', 'Visa', '4242');
insert into money.method_setups (user_id, provider, return_url, provider_reference, client)
values (
    tests.id('Cleo'), 'sandbox', 'https://x.example', 'setup_1', '{"email": "cleo@example.com"}'
);
insert into money.methods_to_forget (id, provider, provider_reference)
values (gen_random_uuid(), 'sandbox', 'card_0');
insert into money.provider_customers (user_id, provider, provider_reference)
values (tests.id('Cleo'), 'sandbox', 'customer_1');

insert into sales.sales (
    id, business_id, currency, placed_at, customer_id, customer_name, customer_email, customer_phone
)
values (
    tests.named('Sale'), tests.id('Loft'), 'EUR', private.now(), tests.id('Cleo'), 'Cleo Quast',
    'cleo@example.com', '+4917012345'
);
insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
values (tests.id('Loft'), tests.id('Sale'), 0, 'agreed', private.now());
insert into sales.sale_lines (
    id, business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
)
values (
    tests.named('Line'), tests.id('Loft'), tests.id('Sale'), 1, 0, 'service', 'Cut', 1, 10000, 10000
);
select tests.act_as('Nora');
select public.issue_credit(
    tests.id('Loft')::text, tests.id('Cleo at Loft')::text, '1000', 'Cleo Quast waited'
);
select tests.act_as('Cleo');
select public.use_credit(tests.id('Sale')::text, '1000');
select tests.act_as_owner();
insert into money.payments (
    id, payer_id, provider, method_id, method_token, currency, amount_minor, capture,
    to_capture_minor, client, return_url, expires_at
)
values (
    tests.named('Payment'), tests.id('Cleo'), 'sandbox', tests.id('Card'), 'token_of_quast', 'EUR',
    9000, 'now', 9000, '{"email": "cleo@example.com"}', 'https://x.example', 'infinity'
);
insert into money.payment_parts (
    business_id, sale_id, payment_id, provider, currency, amount_minor
)
values (tests.id('Loft'), tests.id('Sale'), tests.id('Payment'), 'sandbox', 'EUR', 9000);
insert into private.effects (message_id, effect, result)
values (tests.id('Payment'), 'create', '{"payer": "Cleo Quast"}');
create function pg_temp.event(kind text, object text, payment text, minor bigint, data jsonb)
returns void
language sql
as $$
    select money.receive_event(
        jsonb_build_object(
            'provider', 'sandbox', 'event_id', 'event ' || kind, 'kind', kind, 'object_reference',
            object, 'payment_reference', payment, 'amount_minor', minor, 'currency', 'EUR',
            'data', data, 'key', (
                select idempotency_key from private.effects
                where message_id = tests.id('Payment') and effect = 'create'
            )
        ),
        convert_to('{"name": "Cleo Quast", "email": "cleo@example.com"}', 'UTF8')
    );
    select money.apply_event((select id from money.provider_events where event_id = 'event ' || event.kind));
$$;
select pg_temp.event('payment.captured', 'payment_1', null, 9000, '{"payer": "Cleo Quast"}');
select pg_temp.event(
    'dispute.opened', 'dispute_1', 'payment_1', 1000, '{"payer": "Cleo Quast"}'
);
select pg_temp.event(
    'method.saved', 'card_1', null, null, '{"customer": "customer_1", "name": "Cleo Quast"}'
);
select money.receive_event(
    '{"provider": "sandbox", "event_id": "of no use", "kind": "customer.updated"}',
    convert_to('{"name": "Cleo Quast"}', 'UTF8')
);
insert into money.payment_findings (kind, provider, reference, payment_id)
values ('amount_differs', 'sandbox', 'dispute_1', tests.id('Payment'));
insert into money.reconciliations (provider, compared_until) values ('sandbox', private.now());
insert into money.requested_calls (payment_id, call, requested_by)
values (tests.id('Payment'), 'cancel', tests.id('Cleo'));
insert into money.payment_links (business_id, sale_id, token_hash, expires_at, created_by)
values (tests.id('Loft'), tests.id('Sale'), '\x01', 'infinity', tests.id('Cleo'));
insert into money.guarantees (business_id, sale_id, method_id)
values (tests.id('Loft'), tests.id('Sale'), tests.id('Card'));
select tests.act_as('Nora');
select public.refund_payment(tests.id('Payment')::text, 'Cleo Quast was ill', '500');
select public.issue_document(tests.id('Sale')::text);
create temporary table card as select public.sell_gift_card(tests.id('Loft')::text, '5000') as sold;
select public.record_cash_payment((select sold ->> 'sale_id' from card));
select public.cancel_gift_card((select sold ->> 'gift_card_id' from card), 'Cleo Quast lost it');
select tests.act_as_owner();
update money.gift_cards set buyer_id = tests.id('Cleo');
insert into money.gift_card_breakages (id, business_id, gift_card_id, amount_minor, at)
select gen_random_uuid(), business_id, id, 1, private.now() from money.gift_cards;
insert into money.payment_ranges (business_id, provider, currency)
values (tests.id('Loft'), 'sandbox', 'EUR');
insert into money.gift_card_lookups (origin_id, at) values (gen_random_uuid(), private.now());
select money.record_document_file(
    (select id from money.documents), 'pdf', 'loft/a-secret-name.pdf', 10, repeat('ab', 32)
);
insert into storage.objects (bucket_id, name, created_at)
values ('records', 'loft/a-secret-name.pdf', now() - interval '2 hours');

insert into money.payout_accounts (
    business_id, currency, provider, provider_reference, status, schedule, reserve_bps
)
values (tests.id('Loft'), 'EUR', 'sandbox', 'acct_1', 'active', 'on_demand', 1000);
insert into money.payout_thresholds (currency, approval_from_minor) values ('EUR', 1)
on conflict (currency) do update set approval_from_minor = 1;
select sales.deliver_lines(tests.id('Loft'), tests.id('Sale'));
select tests.at('2031-03-06 08:00Z');
select tests.act_as('Nora');
select public.request_payout(tests.id('Loft')::text, 'EUR');
select tests.act_as_owner();
insert into money.payout_decisions (business_id, payout_id, decision, decided_by)
select business_id, id, 'approve', tests.id('Finn') from money.payouts;
select private.add_secret_key('0123456789abcdef', (
    select '\xce8d'::bytea || '\x0400000001'::bytea || '\x01'::bytea || '\x0400'::bytea
        || ('\x' || repeat('c5', 128))::bytea || '\x0011010001'::bytea
));
select tests.act_with_factor('Nora');
select public.set_bank_account(
    tests.id('Loft')::text, 'Nora', 'DE89370400440532013000', 'EUR'
);
select tests.act_as_owner();
select money.close_period('2031-02-28');
insert into money.checkpoint_runs (through_number, at, checkpoints) values (0, private.now(), 1);
insert into money.checkpoints (account_id, through_number, balance_minor)
select id, 0, 0 from money.accounts limit 1;
insert into money.period_balances (ends_on, account_id, balance_minor)
select '2031-02-28', id, 0 from money.accounts limit 1;

create function pg_temp.empty_tables()
returns setof text
language plpgsql
as $$
declare
    v_table record;
    v_is_empty boolean;
begin
    for v_table in
        select oid::regclass as name
        from pg_class
        where relnamespace = 'money'::regnamespace and relkind in ('r', 'p') and not relispartition
    loop
        execute format('select not exists (select from %s)', v_table.name) into v_is_empty;
        if v_is_empty then
            return next v_table.name;
        end if;
    end loop;
end;
$$;
select is_empty($$ select * from pg_temp.empty_tables() $$, 'there are rows in every table of money');
create temporary table before as
select
    (select jsonb_agg(to_jsonb(entries) order by number, position) from money.entries as entries) as entries,
    (select jsonb_agg(to_jsonb(ledger_balances)) from public.ledger_balances) as balances,
    (select jsonb_agg(to_jsonb(earnings) order by id) from money.earnings) as earnings,
    (select sum(captured_minor) from money.payment_parts) as captured;
select isnt_empty(
    $$ select needle from unnest(array['Quast', 'cleo@example.com', '4917012345']) as needle
       where exists (select from tests.finds(needle) as found where found ~ '^money') $$,
    'of whom a lot is known'
);

-- The person is erased
insert into privacy.requests (id, kind, user_id, due_at, created_at)
values (
    tests.named('Erasure'), 'erasure', tests.id('Cleo'), private.now(), private.now()
);
select tests.act_as_role('worker');
select is(privacy.run_erasure(tests.id('Erasure')), true, 'the worker erases');
select tests.act_as_owner();
select is(
    (select state || coalesce(': ' || (report ->> 'refused'), '') from privacy.requests where id = tests.id('Erasure')),
    'erased', 'which nothing refuses'
);
create function tests.hex(said text)
returns text
language sql
as $$
    select encode(convert_to(said, 'UTF8'), 'hex')
$$;
create function pg_temp.left_over()
returns setof text
language sql
as $$
    select distinct found.name
    from unnest(array[
        'Quast', 'cleo@example.com', '4917012345', tests.hex('Quast'), tests.hex('cleo@example.com')
    ]) as needle
    cross join lateral tests.finds(needle) as found (name)
    except
    select kept ->> 'table' || '.' || (kept ->> 'column')
    from privacy.requests
    cross join lateral jsonb_array_elements(report -> 'kept') as kept
$$;
select is_empty(
    $$ select * from pg_temp.left_over() $$, 'nothing is left but what is kept for a stated reason'
);
select results_eq(
    $$ select kept ->> 'table', kept ->> 'column', (kept ->> 'years')::integer
       from privacy.requests
       cross join lateral jsonb_array_elements(report -> 'kept') as kept
       where kept ->> 'table' ~ '^money' order by 1, 2 $$,
    $$ values
       ('money.document_files', 'object_name', 10), ('money.documents', 'buyer', 10) $$,
    'the document and its drawing are, because books are kept'
);
select results_eq(
    $$ select
           (select jsonb_agg(to_jsonb(entries) order by number, position) from money.entries as entries),
           (select jsonb_agg(to_jsonb(ledger_balances)) from public.ledger_balances),
           (select jsonb_agg(to_jsonb(earnings) order by id) from money.earnings),
           (select sum(captured_minor) from money.payment_parts) $$,
    $$ select * from before $$, 'the ledger says what it said'
);

-- The books are kept for ten years
select tests.at('2041-03-02 08:00Z');
select privacy.apply_retention(100);
select is(
    privacy.files_to_delete(10), null, 'for ten years the file lies where it lay'
);
select tests.at('2041-03-04 08:00Z');
select privacy.apply_retention(100);
select results_eq(
    $$ select
           (select buyer from money.documents where sale_id = tests.id('Sale')),
           (select count(*) from money.document_files),
           privacy.files_to_delete(10) $$,
    $$ values ('{}'::jsonb, 0::bigint,
       '{"bucket": "records", "names": ["loft/a-secret-name.pdf"]}'::jsonb) $$,
    'then the buyer is empty and the file is deleted'
);

select * from finish();
rollback;
