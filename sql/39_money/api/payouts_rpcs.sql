-- What clients do about payouts: ask for one, and decide about one.

/*
 * Set how a business is paid in a currency.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_payout_account(
    business_id public.identifier,
    currency text,
    provider text,
    schedule text default null,
    minimum_minor public.whole_number default null
)
returns public.payout_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(set_payout_account.business_id, 'business_id');
    v_account public.payout_accounts;
begin
    if schedule not in ('each', 'daily', 'weekly', 'monthly', 'on_demand') then
        perform private.invalid(
            'schedule', 'must be each, daily, weekly, monthly or on_demand'
        );
    end if;
    perform money.set_payout_account(
        v_business_id,
        private.to_required_text(set_payout_account.currency, 'currency', 3),
        private.to_required_text(set_payout_account.provider, 'provider', 40),
        schedule::money.payout_schedule,
        private.to_minor_units(set_payout_account.minimum_minor, 'minimum_minor')
    );
    select payout_accounts.* into v_account
    from public.payout_accounts
    where
        payout_accounts.business_id = v_business_id
        and payout_accounts.currency = set_payout_account.currency;
    return v_account;
end;
$$;

comment on function public.set_payout_account is
'Set how a business is paid in a currency. The first call opens an account at the provider; a '
'later one changes the schedule and the minimum.

business_id: an owner or accountant calls. currency: ISO 4217 code. provider: one that pays out, '
'such as stripe; it stays as it was first. schedule: each, daily, weekly (the default), monthly '
'or on_demand. minimum_minor: the least amount of a payout, in minor units. Returns the row of '
'payout_accounts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Make a payout of what can be paid out now.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 payout_account_inactive nothing_to_pay_out
 */
create function public.request_payout(business_id public.identifier, currency text)
returns public.payouts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_id uuid = money.request_payout(
        private.to_identifier(request_payout.business_id, 'business_id'),
        private.to_required_text(request_payout.currency, 'currency', 3)
    );
    v_payout public.payouts;
begin
    select payouts.* into v_payout
    from public.payouts
    where payouts.id = v_payout_id;
    return v_payout;
end;
$$;

comment on function public.request_payout is
'Make a payout of everything that can be paid out now, whatever the schedule. It is approved at '
'once below the threshold of its currency, and waits for the platform''s finance staff above it.

business_id: an owner or accountant calls. currency: ISO 4217 code. Returns the row of payouts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_pay_out '
'409, payout_account_inactive 409.';

/*
 * Approve a payout that waits for it.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT409 invalid_transition
 */
create function public.approve_payout(payout_id public.identifier, reason text default null)
returns public.payouts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_id uuid = money.decide_payout(
        private.to_identifier(approve_payout.payout_id, 'payout_id'), 'approve',
        private.to_text(approve_payout.reason, 'reason', 1000)
    );
    v_payout public.payouts;
begin
    select payouts.* into v_payout
    from public.payouts
    where payouts.id = v_payout_id;
    return v_payout;
end;
$$;

comment on function public.approve_payout is
'Approve a payout that waits for it. The platform''s finance staff call, signed in with a second '
'factor, and nobody for a payout that they requested.

payout_id: the payout. reason: kept with the decision. Returns the row of payouts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, second_factor_required 403, '
'not_found 404, invalid_transition 409.';

/*
 * Reject a payout that waits for approval.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT409 invalid_transition
 */
create function public.reject_payout(payout_id public.identifier, reason text)
returns public.payouts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_id uuid = money.decide_payout(
        private.to_identifier(reject_payout.payout_id, 'payout_id'), 'reject',
        private.to_required_text(reject_payout.reason, 'reason', 1000)
    );
    v_payout public.payouts;
begin
    select payouts.* into v_payout
    from public.payouts
    where payouts.id = v_payout_id;
    return v_payout;
end;
$$;

comment on function public.reject_payout is
'Reject a payout that waits for approval: its earnings are open again. Callers as for '
'approve_payout.

payout_id: the payout. reason: why, for the business. Returns the row of payouts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, second_factor_required 403, '
'not_found 404, invalid_transition 409.';

grant execute on function
public.set_payout_account(public.identifier, text, text, text, public.whole_number),
public.request_payout(public.identifier, text),
public.approve_payout(public.identifier, text),
public.reject_payout(public.identifier, text)
to anon, authenticated, service_role;
