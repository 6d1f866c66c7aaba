-- Gift cards and credit pay sales, never more than they hold, and refunds return to them.
begin;
select plan(26);

-- Given a salon with a cut for 50.00, a customer with two bookings, and another salon
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.business('Other', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
create table tests.sold (place integer, answer jsonb);
grant select, insert on tests.sold to authenticated;
create function tests.sold(key text) returns text
language sql stable security definer set search_path = ''
as $$ select answer ->> key from tests.sold where place = 1 $$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text, starts_at text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.book(tests.id('Cut')::text, starts_at)).id);
end;
$$;
create function tests.sale_of(called text) returns text
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id::text from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.held(kind money.account_kind) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(money.balance(id)), 0)::bigint from money.accounts
    where accounts.kind = held.kind
$$;
create function tests.earned(of_kind text) returns bigint
language sql stable security definer set search_path = ''
as $$ select sum(amount_minor)::bigint from money.earnings where kind = of_kind::money.earning_kind $$;
grant execute on all functions in schema tests to anon, authenticated;
select tests.act_as('customer');
select tests.book('first', '2031-03-04 09:00Z');
select tests.book('second', '2031-03-04 11:00Z');

-- Sold and paid in cash
select tests.act_as('owner');
insert into tests.sold select 1, public.sell_gift_card(tests.id('Salon')::text, '7000');
select is(
    public.redeem_gift_card(tests.sale_of('first'), tests.sold('code')) ->> 'details', 'not_found',
    'a card that is not paid pays nothing'
);
select public.record_cash_payment(tests.sold('sale_id'), '3000');
select is(tests.held('gift_cards'), 0::bigint, 'a part of its price does not activate it');
select public.record_cash_payment(tests.sold('sale_id'));
select is(tests.held('gift_cards'), -7000::bigint, 'all of its price does');
select is(tests.held('business_pending'), 0::bigint, 'and nothing of it is the salon''s yet');

-- Spent
select tests.act_as('rival');
select throws_ok(
    format('select public.redeem_gift_card(%L, %L)', tests.sale_of('first'), tests.sold('code')),
    'PT403', null, 'a stranger cannot pay the sale of another'
);
select tests.act_as('customer');
select throws_ok(
    format(
        'select public.redeem_gift_card(%L, %L, %L)', tests.sale_of('first'), tests.sold('code'), 5001
    ),
    'PT400', 'amount_minor must be from 1 to 5000.', 'nobody pays more than is owed'
);
select is(
    public.redeem_gift_card(
        tests.sale_of('first'), tests.sold('code'), idempotency_key => 'once'
    ) ->> 'status',
    'captured', 'a gift card pays a sale at once'
);
select is(
    public.redeem_gift_card(
        tests.sale_of('first'), tests.sold('code'), idempotency_key => 'once'
    ) ->> 'status',
    'captured', 'and once for an idempotency key'
);
select is(tests.held('gift_cards'), -2000::bigint, 'the rest stays on the card');
select is(tests.held('business_pending'), -5000::bigint, 'the salon has it to deliver');
select throws_ok(
    format('select public.redeem_gift_card(%L, %L)', tests.sale_of('first'), tests.sold('code')),
    'PT409', 'Nothing is left to pay.', 'a paid sale takes nothing more'
);
select throws_ok(
    format(
        'select public.redeem_gift_card(%L, %L, %L)', tests.sale_of('second'), tests.sold('code'), 2001
    ),
    'PT409', 'There is not enough left on the gift card or the credit.',
    'a card pays no more than is left'
);
select is(
    (public.redeem_gift_card(tests.sale_of('second'), tests.sold('code')) ->> 'amount_minor')::bigint,
    2000::bigint, 'by default it pays as much as is left'
);
select throws_ok(
    format('select public.redeem_gift_card(%L, %L)', tests.sale_of('second'), tests.sold('code')),
    'PT409', null, 'an empty card pays nothing'
);

-- Refunded
select tests.act_as('owner');
select is(
    (public.refund_payment(payment_id::text, 'Too bad')).status::text, 'succeeded',
    'a refund of it succeeds at once'
)
from public.payment_parts where sale_id = tests.sale_of('first')::uuid;
select is(tests.held('gift_cards'), -5000::bigint, 'and returns to the card');
select is(tests.held('provider'), 0::bigint, 'no provider was asked');

-- Credit
select throws_ok(
    format('select public.use_credit(%L)', tests.sale_of('second')),
    'PT409', 'There is not enough left on the gift card or the credit.',
    'nobody has credit that was not given'
);
select public.issue_credit(
    tests.id('Salon')::text,
    (select id from public.customers where user_id = tests.id('customer'))::text,
    '1000', 'We were late'
);
select is(tests.held('customer_credit'), -1000::bigint, 'credit that was given is owed');
select is(
    tests.held('credit_granted'), 1000::bigint, 'and the salon bears nothing before it is used'
);
select tests.act_as('customer');
select is(
    (public.use_credit(tests.sale_of('second')) ->> 'amount_minor')::bigint, 1000::bigint,
    'the customer pays a part with it'
);
select is(tests.held('customer_credit'), 0::bigint, 'then nothing is left');
select is(tests.held('credit_granted'), 0::bigint, 'and the salon bears it from what it earns');
select is(tests.earned('credit'), -1000::bigint, 'so its payouts become less by as much');
select is(
    (select balance_minor from public.sales where id = tests.sale_of('second')::uuid), 2000::bigint,
    'the rest of the sale is still owed'
);
select tests.act_as_owner();
select is_empty('select * from money.ledger_findings()', 'the ledger agrees with the payments');
select * from finish();
rollback;
