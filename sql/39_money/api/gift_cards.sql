-- Gift cards and customers' credit: what clients read and call.

create view public.gift_cards
with (security_invoker = true)
as
select
    gift_cards.id,
    gift_cards.business_id,
    gift_cards.sale_line_id,
    gift_cards.currency,
    gift_cards.amount_minor,
    -money.balance(gift_cards.account_id) as balance_minor,
    gift_cards.last4,
    gift_cards.expires_at,
    gift_cards.activated_at,
    gift_cards.cancelled_at,
    gift_cards.cancel_reason,
    gift_cards.created_at,
    gift_cards.is_taxed,
    gift_cards.is_platform,
    (
        select coalesce(sum(gift_card_breakages.amount_minor), 0)::bigint
        from money.gift_card_breakages
        where
            gift_card_breakages.business_id = gift_cards.business_id
            and gift_card_breakages.gift_card_id = gift_cards.id
            and gift_card_breakages.restored_at is null
    ) as breakage_minor
from money.gift_cards;
grant select on public.gift_cards to authenticated, service_role;

comment on view public.gift_cards is
'Gift cards. Members who serve and accountants read those of their business, buyers theirs, the '
'platform''s finance all. Page by (created_at, id).';
comment on column public.gift_cards.id is 'Key.';
comment on column public.gift_cards.business_id is
'The business that sold it. It can be spent there; see is_platform.';
comment on column public.gift_cards.sale_line_id is
'The line by which it was sold; null where it was given out.';
comment on column public.gift_cards.currency is 'ISO 4217 code. It pays sales in this currency.';
comment on column public.gift_cards.amount_minor is 'What it was sold for, in minor units.';
comment on column public.gift_cards.balance_minor is
'What is left, in minor units; 0 before it is paid.';
comment on column public.gift_cards.last4 is 'The last four characters of its code.';
comment on column public.gift_cards.expires_at is
'From when it cannot be spent; null: it never expires.';
comment on column public.gift_cards.activated_at is
'When its sale was paid; null: it cannot be spent yet.';
comment on column public.gift_cards.cancelled_at is
'When a member cancelled it; null: nobody did.';
comment on column public.gift_cards.cancel_reason is 'Why it was cancelled.';
comment on column public.gift_cards.created_at is 'When it was sold.';
comment on column public.gift_cards.is_taxed is
'Whether it was taxed when it was sold (gift_card_tax_class of tax_settings). What it pays is then '
'not taxed again.';
comment on column public.gift_cards.is_platform is
'Whether it can also be spent at every business that accepts cards of the platform '
'(accepts_platform_gift_cards of payment_settings).';
comment on column public.gift_cards.breakage_minor is
'What was left on it when it had expired, in minor units; 0 before, and once it is extended. Where '
'breakage_release_days of payment_settings says so, the business is paid it.';

create view public.credits
with (security_invoker = true)
as
select
    credits.id,
    credits.business_id,
    credits.customer_id,
    credits.currency,
    credits.amount_minor,
    credits.reason,
    credits.given_by,
    credits.created_at
from money.credits;
grant select on public.credits to authenticated, service_role;

comment on view public.credits is
'Credit that members gave to customers. Owners, managers and accountants read those of their '
'business, customers theirs. What is left is in ledger_balances (customer_credit). Page by '
'(created_at, id).';
comment on column public.credits.id is 'Key.';
comment on column public.credits.business_id is 'The business at which it can be spent.';
comment on column public.credits.customer_id is 'The customer, a row of customers.';
comment on column public.credits.currency is 'ISO 4217 code.';
comment on column public.credits.amount_minor is 'How much was given, in minor units.';
comment on column public.credits.reason is 'Why it was given.';
comment on column public.credits.given_by is
'Who gave it; null for the operator''s own software, and once the account is gone.';
comment on column public.credits.created_at is 'When it was given.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.sell_gift_card(
    business_id public.identifier,
    amount_minor public.whole_number,
    customer_name text default null,
    customer_email text default null,
    expires_at public.instant default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.sell_gift_card(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_amount(amount_minor, 'amount_minor'),
        private.to_text(customer_name, 'customer_name', 200),
        private.to_email(customer_email, 'customer_email'),
        private.to_instant(expires_at, 'expires_at', is_required => false)
    );
end;
comment on function public.sell_gift_card is
'Sell a gift card at the counter.

For members who serve. It makes a sale with one line, which is paid like any other; the card can be '
'spent once the sale is paid. Returns {gift_card_id, sale_id, code}. The code is shown this once.

- amount_minor: at least 1, in the currency of the business.
- customer_name, customer_email: who buys it.
- expires_at: from when it cannot be spent; by default as gift_card_valid_months of '
'payment_settings says, and never without it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.cancel_gift_card(gift_card_id public.identifier, reason text)
returns public.gift_cards
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(gift_card_id, 'gift_card_id');
    v_card public.gift_cards;
begin
    perform money.cancel_gift_card(v_id, private.to_required_text(reason, 'reason', 500));
    select gift_cards.* into v_card
    from public.gift_cards
    where gift_cards.id = v_id;
    return v_card;
end;
$$;
comment on function public.cancel_gift_card is
'Cancel a gift card, such as before its price is refunded.

For owners and managers. What is left on it goes back to its sale. Returns the gift card.

- reason: 1 to 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.extend_gift_card(
    gift_card_id public.identifier, expires_at public.instant default null
)
returns public.gift_cards
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(gift_card_id, 'gift_card_id');
    v_card public.gift_cards;
begin
    perform money.extend_gift_card(
        v_id, private.to_instant(expires_at, 'expires_at', is_required => false)
    );
    select gift_cards.* into v_card
    from public.gift_cards
    where gift_cards.id = v_id;
    return v_card;
end;
$$;
comment on function public.extend_gift_card is
'Let a gift card expire later, also after it has expired.

For owners and managers. What was left on it when it expired is on it again. Returns the gift card.

- expires_at: from when it cannot be spent, later than before; by default it never expires.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT429 rate_limited
 */
create function public.gift_card_balance(code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.gift_card_balance(private.to_required_text(code, 'code', 40));
end;
comment on function public.gift_card_balance is
'Return what is left on a gift card: {balance_minor, currency, expires_at, business_id}.

For anybody who has the code. A network address may name ten wrong codes an hour. A card that is not '
'paid yet, expired or cancelled gets the same answer as none. business_id is null where every '
'business that accepts cards of the platform takes it.

- code: as it is printed; case, hyphens and spaces do not matter.

Errors: invalid_input 400, not_found 404, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict
 */
create function public.issue_credit(
    business_id public.identifier,
    customer_id public.identifier,
    amount_minor public.whole_number,
    reason text,
    idempotency_key text default null
)
returns public.credits
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_credit public.credits;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'issue_credit', idempotency_key,
            jsonb_build_array(business_id, customer_id, amount_minor, reason)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.credits, v_answer);
        end if;
    end if;
    v_id = money.issue_credit(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(customer_id, 'customer_id'),
        private.to_required_amount(amount_minor, 'amount_minor'),
        private.to_required_text(reason, 'reason', 500)
    );
    select credits.* into strict v_credit
    from public.credits
    where credits.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('issue_credit', idempotency_key, to_jsonb(v_credit));
    end if;
    return v_credit;
end;
$$;
comment on function public.issue_credit is
'Give a customer credit that pays later sales of the business.

For owners and managers. The business bears it: when it is spent, what it earned becomes less by as '
'much. Returns the credit.

- amount_minor: at least 1, in the currency of the business.
- reason: 1 to 500 characters; the customer reads it.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409.';

grant execute on function
public.gift_card_balance(text),
public.sell_gift_card(
    public.identifier, public.whole_number, text, text, public.instant
),
public.cancel_gift_card(public.identifier, text),
public.extend_gift_card(public.identifier, public.instant),
public.issue_credit(
    public.identifier, public.identifier, public.whole_number, text, text
)
to anon, authenticated, service_role;
