-- The resource that a customer prefers in a business, to be read and set by the customer.

create view public.preferred_resources
with (security_invoker = true)
as
select
    preferred_resources.customer_id,
    preferred_resources.business_id,
    preferred_resources.resource_id,
    preferred_resources.updated_at
from scheduling.preferred_resources;
grant select on public.preferred_resources to authenticated;
grant select, insert, update, delete on public.preferred_resources to service_role;

comment on view public.preferred_resources is
'The resources that the caller prefers, one per business.

Changed by set_preferred_resource.';
comment on column public.preferred_resources.customer_id is 'The caller.';
comment on column public.preferred_resources.business_id is 'The business.';
comment on column public.preferred_resources.resource_id is 'The preferred resource.';
comment on column public.preferred_resources.updated_at is 'When the preference last changed.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_preferred_resource(
    business_id public.identifier, resource_id public.identifier default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.set_preferred_resource(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
$$;
grant execute on function
public.set_preferred_resource(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.set_preferred_resource is
'Set the resource that the caller prefers in a business.

Services with prefers_known_staff assign it to the caller''s bookings if it is free and the '
'caller names no other.

- resource_id: the resource; without it the preference ends.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';
