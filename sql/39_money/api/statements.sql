-- The monthly statement of a business.

/*
 * Return what a business's account did in a month.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.payout_statement(
    business_id public.identifier, currency text, month text
)
returns table (kind text, movements bigint, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if payout_statement.month is null then
        perform private.invalid('month', 'is required');
    end if;
    return query
    select lines.kind, lines.movements, lines.amount_minor
    from money.statement(
        private.to_identifier(payout_statement.business_id, 'business_id'),
        private.to_required_text(payout_statement.currency, 'currency', 3),
        private.to_date(payout_statement.month, 'month')
    ) as lines;
end;
$$;

comment on function public.payout_statement is
'Return what a business''s account, its reserve included, did in a month: a row opening, a row for '
'each kind of movement, and a row closing, which is their sum. The opening of a month is the '
'closing of the month before. Days are those of the ledger (UTC).

business_id: an owner, an accountant or the platform''s finance staff calls. currency: ISO 4217 '
'code. month: any date of it. Returns kind (opening, sales, refunds, commissions of other '
'businesses, cash, disputes, payouts, payouts_returned, other, closing), movements (how many) and '
'amount_minor, in minor units: positive is owed to the business.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function public.payout_statement(public.identifier, text, text)
to anon, authenticated, service_role;
