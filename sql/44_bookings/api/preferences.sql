-- What customers prefer in a business, to be read and set by themselves, and what members wrote
-- down about it.

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

create view public.preferred_services
with (security_invoker = true)
as
select
    preferred_services.customer_id,
    preferred_services.business_id,
    preferred_services.service_id,
    preferred_services.updated_at
from scheduling.preferred_services;
grant select on public.preferred_services to authenticated;
grant select, insert, update, delete on public.preferred_services to service_role;

comment on view public.preferred_services is
'The services that the caller usually books, one per business: what preferred_slots looks for.

Changed by set_preferred_service.';
comment on column public.preferred_services.customer_id is 'The caller.';
comment on column public.preferred_services.business_id is 'The business.';
comment on column public.preferred_services.service_id is 'The preferred service.';
comment on column public.preferred_services.updated_at is 'When the preference last changed.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_preferred_service(
    business_id public.identifier, service_id public.identifier default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.set_preferred_service(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(service_id, 'service_id', is_required => false)
    );
end;
$$;
grant execute on function
public.set_preferred_service(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.set_preferred_service is
'Set the service that the caller usually books in a business: preferred_slots looks for it.

- service_id: the service; without it the preference ends.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

create view public.customer_preferences
with (security_invoker = true)
as
select
    customer_preferences.business_id,
    customer_preferences.customer_id,
    customer_preferences.resource_id,
    customer_preferences.service_id,
    customer_preferences.updated_by,
    customer_preferences.updated_at
from scheduling.customer_preferences;
grant select on public.customer_preferences to authenticated, service_role;

comment on view public.customer_preferences is
'Whom and what customers usually want, as members wrote it down; also of customers without an '
'account. Members who serve customers and the customer read it. Changed by '
'set_customer_preferences. Page by (updated_at, customer_id).';
comment on column public.customer_preferences.business_id is 'The business.';
comment on column public.customer_preferences.customer_id is 'The customer.';
comment on column public.customer_preferences.resource_id is
'Whom they want: services with prefers_known_staff assign it first. May be null.';
comment on column public.customer_preferences.service_id is
'What they usually book: preferred_slots looks for it. May be null.';
comment on column public.customer_preferences.updated_by is
'The member who wrote it; null for the operator, and once their account is gone.';
comment on column public.customer_preferences.updated_at is 'When it was last changed.';
