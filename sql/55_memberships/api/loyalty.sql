-- Referrals as clients read them, and how points are changed by hand.

create view public.referrals
with (security_invoker = true)
as
select
    referrals.id,
    referrals.business_id,
    referrals.referrer_id,
    referrals.referred_id,
    referrals.referrer_points,
    referrals.referred_points,
    referrals.rewarded_at,
    referrals.created_at
from loyalty.referrals;
grant select on public.referrals to authenticated, service_role;

comment on view public.referrals is
'Who referred whom to a business. Each side is rewarded once, after the first sale of whoever was '
'referred is completed. Both read it, and members who serve. Page by (created_at, id).';
comment on column public.referrals.id is 'Key.';
comment on column public.referrals.business_id is 'The business.';
comment on column public.referrals.referrer_id is 'Who referred, a row of customers.';
comment on column public.referrals.referred_id is 'Who was referred, a row of customers.';
comment on column public.referrals.referrer_points is 'How many points whoever referred gets.';
comment on column public.referrals.referred_points is 'How many points whoever was referred gets.';
comment on column public.referrals.rewarded_at is
'When both were rewarded. Null: the first sale is not completed yet.';
comment on column public.referrals.created_at is 'When the code was used.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict insufficient_points
 */
create function public.adjust_points(
    business_id public.identifier,
    customer_id public.identifier,
    points public.whole_number,
    reason text,
    idempotency_key text default null
)
returns public.loyalty_balances
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_customer_id uuid = private.to_identifier(customer_id, 'customer_id');
    v_points integer = private.to_whole_number(points, 'points', -1000000, 1000000);
    v_reason text = private.to_required_text(reason, 'reason', 500);
    v_answer jsonb;
    v_balance public.loyalty_balances;
begin
    if v_points = 0 then
        perform private.invalid('points', 'must not be 0');
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'adjust_points', idempotency_key,
            jsonb_build_array(v_business_id, v_customer_id, v_points, v_reason)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.loyalty_balances, v_answer);
        end if;
    end if;
    perform loyalty.adjust(v_business_id, v_customer_id, v_points, v_reason);
    select loyalty_balances.* into strict v_balance
    from public.loyalty_balances
    where
        loyalty_balances.business_id = v_business_id
        and loyalty_balances.customer_id = v_customer_id;
    if idempotency_key is not null then
        perform private.remember_answer('adjust_points', idempotency_key, to_jsonb(v_balance));
    end if;
    return v_balance;
end;
$$;
comment on function public.adjust_points is
'Add points to a customer, or take some of those that are left.

For owners and managers. New points expire as earned ones do. Returns the balance.

- points: from -1000000 to 1000000, not 0; negative takes points, at most those that are left.
- reason: 1 to 500 characters; the customer reads it.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, insufficient_points 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.referral_code(business_id public.identifier)
returns text
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select loyalty.referral_code(private.to_identifier(business_id, 'business_id'));
end;
comment on function public.referral_code is
'Return the code by which the caller refers others to a business.

For signed-in callers. The first call draws it; it stays the same. Returns 8 characters without '
'look-alikes.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_referrable
 */
create function public.accept_referral(business_id public.identifier, code text)
returns public.referrals
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_referral public.referrals;
    v_id uuid = loyalty.accept_referral(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(code, 'code', 40)
    );
begin
    select referrals.* into strict v_referral
    from public.referrals
    where referrals.id = v_id;
    return v_referral;
end;
$$;
comment on function public.accept_referral is
'Say by whose code the caller came to a business.

For signed-in callers who have not been served there yet. Each side is rewarded once, after the '
'first sale of the caller is completed. The same code again returns the same referral.

- code: the referral code, in any case of letters.

Returns the referral.

Errors: invalid_input 400, not_signed_in 401, not_found 404, not_referrable 409.';

grant execute on function
public.adjust_points(
    public.identifier, public.identifier, public.whole_number, text, text
),
public.referral_code(public.identifier),
public.accept_referral(public.identifier, text)
to anon, authenticated, service_role;
