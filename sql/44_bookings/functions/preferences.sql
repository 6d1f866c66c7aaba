-- The resource that a customer prefers in a business. Services with prefers_known_staff assign it
-- before any other.

/*
 * Set the resource that the caller prefers in a business; null ends the preference.
 * Definer: customers write no table; only the caller's own row is touched.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.set_preferred_resource(business_id uuid, resource_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if resource_id is null then
        delete from scheduling.preferred_resources
        where
            preferred_resources.customer_id = v_user_id
            and preferred_resources.business_id = set_preferred_resource.business_id;
        return;
    end if;
    insert into scheduling.preferred_resources (customer_id, business_id, resource_id, updated_at)
    select
        v_user_id,
        resources.business_id,
        resources.id,
        private.now()
    from catalog.resources
    inner join business.businesses on businesses.id = resources.business_id
    where
        resources.id = set_preferred_resource.resource_id
        and resources.business_id = set_preferred_resource.business_id
        and resources.is_active
        and businesses.is_active
        and businesses.status = 'approved'
    on conflict on constraint preferred_resources_pkey do update
    set resource_id = excluded.resource_id, updated_at = excluded.updated_at;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;
end;
$$;
