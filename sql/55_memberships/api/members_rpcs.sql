-- What members, and those who serve them, call. Each function reads its arguments and calls one of
-- the domain.

/*
 * Errors:  PT400 invalid_input
 */
create function public.is_member(
    plan_id public.identifier default null,
    business_id public.identifier default null,
    at public.instant default null
)
returns boolean
language sql
stable
security invoker
set search_path = ''
begin atomic
    select memberships.is_member(
        private.to_identifier(plan_id, 'plan_id', is_required => business_id is null),
        private.to_identifier(business_id, 'business_id', is_required => false),
        coalesce(private.to_instant(at, 'at', is_required => false), private.now())
    );
end;
comment on function public.is_member is
'Say whether the caller is a member: of a plan, or of any plan of a business.

The answer follows from what was granted and from time alone. Nobody is a member without signing '
'in. It may stand in a policy, in a scalar subselect. Returns a boolean.

- plan_id, business_id: one of them.
- at: an instant; by default now.

Errors: invalid_input 400.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 already_member coupon_exhausted idempotency_conflict price_changed
 *          PT422 coupon_invalid method_expired
 */
create function public.join_membership(
    plan_id public.identifier,
    currency text default null,
    coupon_code text default null,
    total_minor public.whole_number default null,
    payment_method_id public.identifier default null,
    idempotency_key text default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.join_plan(
            private.to_identifier(plan_id, 'plan_id'),
            pricing.to_terms(coupon_code, null, currency, null, null, total_minor),
            private.to_identifier(
                payment_method_id, 'payment_method_id', is_required => false
            ),
            idempotency_key
        )
    );
end;
comment on function public.join_membership is
'Join a plan.

For signed-in callers. It writes the membership, its first period and a sale. With a saved card '
'the sale is charged at once; otherwise start_payment takes the membership_id. Benefits begin '
'when it is paid, and those of a trial or a free plan at once; what is not paid within a day '
'expires. A customer has one membership that renews at a business, and any number of passes '
'beside it. Returns the membership.

- currency: ISO 4217 code in which the plan has a price; by default that of the business.
- coupon_code: applies to the first period.
- total_minor: the total that was shown; another one is refused.
- payment_method_id: a saved card of the caller. It pays the renewals too.
- idempotency_key: repeating the call with the same key returns the same membership, for a day.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_member 409, '
'coupon_exhausted 409, idempotency_conflict 409, price_changed 409, coupon_invalid 422, '
'method_expired 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.quote_membership_change(
    membership_id public.identifier,
    plan_id public.identifier
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.change_quote(
        private.to_identifier(membership_id, 'membership_id'),
        private.to_identifier(plan_id, 'plan_id')
    );
end;
comment on function public.quote_membership_change is
'Return what it costs to change a membership to another plan now.

For the member, and members of the business who serve. Returns {membership_id, plan_id, '
'currency, credit_minor, charge_minor, difference_minor, at}: what is taken back of the old plan '
'and what is charged for the new one, for what is left of the period to the second. Tax that '
'comes on top is not in it. A plan with periods of another length charges a whole period.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.change_membership(
    membership_id public.identifier,
    plan_id public.identifier,
    at_period_end public.yes_no default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.change(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_identifier(plan_id, 'plan_id'),
            case
                when at_period_end is not null
                    then private.to_yes_no(at_period_end, 'at_period_end')
            end
        )
    );
end;
comment on function public.change_membership is
'Change a membership to another plan of its business.

For the member, and members of the business who serve. At once, what is left of the period is '
'taken back at the old price and charged at the new one, to the second. The new plan is granted '
'once nothing is owed; a lower price is given back by refund, and never more than was paid. A '
'plan with periods of another length begins a period of its own. The present plan takes back a '
'planned change. Returns the membership.

- at_period_end: by default true for a plan of a lower rank, false for the others.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

grant execute on function
memberships.shown(uuid),
public.is_member(public.identifier, public.identifier, public.instant),
public.join_membership(public.identifier, text, text, public.whole_number, public.identifier, text),
public.quote_membership_change(public.identifier, public.identifier),
public.change_membership(public.identifier, public.identifier, public.yes_no)
to anon, authenticated, service_role;
