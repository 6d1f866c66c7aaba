-- Whom a business takes no bookings from.

create view public.customer_blocks
with (security_invoker = true)
as
select
    customer_blocks.business_id,
    customer_blocks.customer_id,
    customer_blocks.reason,
    customer_blocks.blocked_by,
    customer_blocks.blocked_at
from crm.customer_blocks;
grant select on public.customer_blocks to authenticated, service_role;

comment on view public.customer_blocks is
'Customers from whom a business takes no bookings online. Members who serve customers read them; '
'block_customer and unblock_customer change them.';
comment on column public.customer_blocks.business_id is 'The business.';
comment on column public.customer_blocks.customer_id is 'The customer.';
comment on column public.customer_blocks.reason is 'Why, for the business alone; may be null.';
comment on column public.customer_blocks.blocked_by is
'The member who did it; null for the operator, and once their account is gone.';
comment on column public.customer_blocks.blocked_at is 'When it was done.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.block_customer(customer_id public.identifier, reason text default null)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.block_customer(
        private.to_identifier(block_customer.customer_id, 'customer_id'),
        private.to_text(block_customer.reason, 'reason', 500)
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.block_customer(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.block_customer is
'Take no bookings and messages from a customer any more. Returns the customer.

Whoever comes with their account, e-mail address or phone number is refused with customer_blocked. '
'They leave the waitlists of the business. Members still book for them. For managers.

- customer_id: the customer.
- reason: at most 500 characters, for the business alone.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.unblock_customer(customer_id public.identifier)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.unblock_customer(
        private.to_identifier(unblock_customer.customer_id, 'customer_id')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.unblock_customer(public.identifier)
to anon, authenticated, service_role;

comment on function public.unblock_customer is
'Take bookings from a blocked customer again. Returns the customer. For managers.

- customer_id: the customer.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';
