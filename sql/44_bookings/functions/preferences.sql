-- What customers prefer in a business: a resource, which services with prefers_known_staff assign
-- before any other, and the service that they usually book.

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

/*
 * Set the service that the caller usually books in a business; null ends the preference.
 * Definer: as scheduling.set_preferred_resource.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.set_preferred_service(business_id uuid, service_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if service_id is null then
        delete from scheduling.preferred_services
        where
            preferred_services.customer_id = v_user_id
            and preferred_services.business_id = set_preferred_service.business_id;
        return;
    end if;
    insert into scheduling.preferred_services (customer_id, business_id, service_id, updated_at)
    select
        v_user_id,
        services.business_id,
        services.id,
        private.now()
    from catalog.services
    where
        services.id = set_preferred_service.service_id
        and services.business_id = set_preferred_service.business_id
        and services.archived_at is null
        and business.is_open(services.business_id)
    on conflict on constraint preferred_services_pkey do update
    set service_id = excluded.service_id, updated_at = excluded.updated_at;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.', 'Check the id in the view services.'
        );
    end if;
end;
$$;

/*
 * Return what members wrote down about a customer: an account, or whoever a business knows by an
 * e-mail address or a phone number.
 */
create function scheduling.noted_preference(
    business_id uuid, user_id uuid, email text, phone text
)
returns scheduling.customer_preferences
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = case
        when noted_preference.user_id is not null then customers.customer_of(
            noted_preference.business_id, noted_preference.user_id, null
        )
        else customers.known_by(noted_preference.business_id, email, phone)
    end;
    v_preference scheduling.customer_preferences;
begin
    select customer_preferences.* into v_preference
    from customers.customers
    inner join scheduling.customer_preferences
        on
            customer_preferences.business_id = customers.business_id
            and customer_preferences.customer_id
            = coalesce(customers.merged_into_id, customers.id)
    where customers.id = v_customer_id;
    return v_preference;
end;
$$;
