-- The buyers of a company and its places.

create view public.wholesale_buyers
with (security_invoker = true)
as
select
    wholesale_buyers.id,
    wholesale_buyers.business_id,
    wholesale_buyers.wholesale_account_id,
    wholesale_buyers.email,
    wholesale_buyers.user_id,
    wholesale_buyers.role,
    wholesale_buyers.order_limit_minor,
    wholesale_buyers.invited_at,
    wholesale_buyers.joined_at
from commerce.wholesale_buyers;
grant select on public.wholesale_buyers to authenticated, service_role;

comment on view public.wholesale_buyers is
'Who orders for a company, and who is invited to.

The company''s buyers and the members of the business who serve customers read it, and everybody '
'the invitations to their confirmed address.';
comment on column public.wholesale_buyers.id is 'Key; accept_buyer_invitation takes it.';
comment on column public.wholesale_buyers.business_id is 'The business that sells.';
comment on column public.wholesale_buyers.wholesale_account_id is 'The account of the company.';
comment on column public.wholesale_buyers.email is 'The address that was invited.';
comment on column public.wholesale_buyers.user_id is
'The user; null until the invitation is accepted.';
comment on column public.wholesale_buyers.role is
'buyer; or approver, who also keeps the company''s buyers and places.';
comment on column public.wholesale_buyers.order_limit_minor is
'What an order on net terms may cost at most, in minor units; null for no limit.';
comment on column public.wholesale_buyers.invited_at is 'When they were invited.';
comment on column public.wholesale_buyers.joined_at is 'When they accepted; null until then.';

create view public.wholesale_locations
with (security_invoker = true)
as
select
    wholesale_locations.id,
    wholesale_locations.business_id,
    wholesale_locations.wholesale_account_id,
    wholesale_locations.name,
    wholesale_locations.line1,
    wholesale_locations.line2,
    wholesale_locations.postal_code,
    wholesale_locations.city,
    wholesale_locations.region,
    wholesale_locations.country,
    wholesale_locations.created_at
from commerce.wholesale_locations;
grant select, insert, update, delete
on public.wholesale_locations to authenticated, service_role;

comment on view public.wholesale_locations is
'Where a company has its orders sent.

The company''s buyers and the members of the business who serve customers read it; its approvers '
'and the business''s owners and managers write it.';
comment on column public.wholesale_locations.id is 'Key.';
comment on column public.wholesale_locations.business_id is
'The business that sells. Cannot be changed.';
comment on column public.wholesale_locations.wholesale_account_id is 'The account of the company.';
comment on column public.wholesale_locations.name is 'Unique in the company, such as Warehouse.';
comment on column public.wholesale_locations.line1 is 'Street and number.';
comment on column public.wholesale_locations.line2 is 'Further line of the address, or null.';
comment on column public.wholesale_locations.postal_code is 'Postal code, or null.';
comment on column public.wholesale_locations.city is 'City.';
comment on column public.wholesale_locations.region is 'State or region, or null.';
comment on column public.wholesale_locations.country is 'ISO 3166 code.';
comment on column public.wholesale_locations.created_at is 'When it was added.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_approver
 */
create function public.invite_buyer(
    wholesale_account_id public.identifier,
    email text,
    role text default 'buyer',
    order_limit_minor public.whole_number default null
)
returns public.wholesale_buyers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_role constant text = coalesce(role, 'buyer');
    v_id uuid;
    v_buyer public.wholesale_buyers;
begin
    if v_role not in ('buyer', 'approver') then
        perform private.invalid('role', 'must be buyer or approver');
    end if;
    if v_role = 'approver' and order_limit_minor is not null then
        perform private.invalid('order_limit_minor', 'is for buyers only');
    end if;
    v_id = commerce.invite_buyer(
        private.to_identifier(wholesale_account_id, 'wholesale_account_id'),
        private.to_email(email, 'email'),
        v_role::commerce.wholesale_role,
        private.to_minor_units(order_limit_minor, 'order_limit_minor')
    );
    select wholesale_buyers.* into v_buyer
    from public.wholesale_buyers
    where wholesale_buyers.id = v_id;
    return v_buyer;
end;
$$;
comment on function public.invite_buyer is
'Invite somebody to buy for a company, or change what one of its buyers may.

For approvers of the company, and for owners and managers of the business. Returns the buyer. '
'Whoever has the address, confirmed, accepts with accept_buyer_invitation.

- email: the invited address; a buyer with this address gets the role and the limit.
- role: buyer or approver.
- order_limit_minor: what an order of this buyer on net terms may cost, in minor units; null for '
'no limit.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_approver 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function public.accept_buyer_invitation(wholesale_buyer_id public.identifier)
returns public.wholesale_buyers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(wholesale_buyer_id, 'wholesale_buyer_id');
    v_buyer public.wholesale_buyers;
begin
    perform commerce.accept_buyer_invitation(v_id);
    select wholesale_buyers.* into v_buyer
    from public.wholesale_buyers
    where wholesale_buyers.id = v_id;
    return v_buyer;
end;
$$;
comment on function public.accept_buyer_invitation is
'Accept an invitation to buy for a company.

For the user who has the invited address, confirmed. Returns the buyer. Repeating the call changes '
'nothing. A user buys for one company from a business: another one is answered with already_exists.

- wholesale_buyer_id: the invitation, as wholesale_buyers shows it.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_approver
 */
create function public.remove_buyer(wholesale_buyer_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.remove_buyer(private.to_identifier(wholesale_buyer_id, 'wholesale_buyer_id'));
end;
$$;
comment on function public.remove_buyer is
'Take a buyer off a company, or an invitation back.

For approvers of the company, for owners and managers of the business, and for buyers who leave. '
'The company''s prices end at once.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_approver 409.';

grant execute on function
public.invite_buyer(public.identifier, text, text, public.whole_number),
public.accept_buyer_invitation(public.identifier),
public.remove_buyer(public.identifier)
to anon, authenticated, service_role;
