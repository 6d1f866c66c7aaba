-- Gifts and new prices: what buyers, receivers, members and managers call.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.gift_membership(
    plan_id public.identifier,
    currency text default null,
    email text default null,
    message text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.buy_gift(
        private.to_identifier(plan_id, 'plan_id'),
        private.to_text(currency, 'currency', 3),
        private.to_email(email, 'email'),
        private.to_text(message, 'message', 1000)
    );
end;
comment on function public.gift_membership is
'Buy one period of a plan for somebody else.

For signed-in callers. It makes a sale, which is paid like any other (start_payment with the '
'sale_id). Once it is paid, whoever has the code can redeem it for three years; so can whoever '
'confirmed the address. Returns {gift_id, sale_id, code}. The code is shown this once.

- currency: ISO 4217 code in which the plan has a price; by default that of the business.
- email: for whom it is. They are told once it is paid.
- message: at most 1000 characters, for the mail.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.redeem_membership_gift(
    code text default null,
    gift_id public.identifier default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.redeem_gift(
            private.to_identifier(gift_id, 'gift_id', is_required => code is null),
            private.to_text(code, 'code', 40)
        )
    );
end;
comment on function public.redeem_membership_gift is
'Redeem a gift: it becomes a membership of one period, which does not renew.

For signed-in callers. A gift is redeemed once, after it was paid. Returns the membership.

- code: as it was shown to the buyer; case, hyphens and spaces do not matter.
- gift_id: instead of the code, for a caller who confirmed the address that the gift is for.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.announce_membership_price(
    plan_id public.identifier,
    price_minor public.whole_number,
    effective_at public.instant,
    currency text,
    needs_consent public.yes_no default 'true'
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.announce_price(
        private.to_identifier(plan_id, 'plan_id'),
        private.to_required_text(currency, 'currency', 3),
        private.to_minor_units(price_minor, 'price_minor'),
        private.to_instant(effective_at, 'effective_at'),
        private.to_yes_no(needs_consent, 'needs_consent')
    );
end;
comment on function public.announce_membership_price is
'Announce a new price of a plan to the members who joined before.

For owners and managers. The members are told at once. The price applies to periods that begin '
'from then on; members who must accept a higher price, and do not, keep theirs. Returns the id of '
'the announcement, a row of membership_price_changes.

- price_minor: the new price of a period in minor units.
- effective_at: at least 30 days ahead.
- currency: ISO 4217 code of the memberships that it concerns.
- needs_consent: whether a higher price applies only to members who accept it. Leave it true '
'where the law asks for consent.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.accept_membership_price(price_change_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.accept_price(private.to_identifier(price_change_id, 'price_change_id'))
    );
end;
comment on function public.accept_membership_price is
'Accept a new price of the plan that the caller is on.

For the member. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

grant execute on function
public.gift_membership(public.identifier, text, text, text),
public.redeem_membership_gift(text, public.identifier),
public.announce_membership_price(
    public.identifier, public.whole_number, public.instant, text, public.yes_no
),
public.accept_membership_price(public.identifier)
to anon, authenticated, service_role;
