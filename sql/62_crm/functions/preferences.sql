-- What members write down about whom and what a customer usually wants, and which slots follow from
-- what is known.

/*
 * Write down what a customer usually wants; what is null is not known. Returns the customer.
 * Definer: nobody has a write grant on preferences; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.set_preferences(customer_id uuid, resource_id uuid, service_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(set_preferences.customer_id);
begin
    if not exists (
        select 1
        from catalog.resources
        where
            resources.business_id = v_customer.business_id
            and resources.id = set_preferences.resource_id
    ) and set_preferences.resource_id is not null then
        perform private.invalid('resource_id', 'must be a resource of the business');
    end if;
    if not exists (
        select 1
        from catalog.services
        where
            services.business_id = v_customer.business_id
            and services.id = set_preferences.service_id
    ) and set_preferences.service_id is not null then
        perform private.invalid('service_id', 'must be a service of the business');
    end if;
    insert into scheduling.customer_preferences (
        business_id, customer_id, resource_id, service_id, updated_by, updated_at
    )
    values (
        v_customer.business_id, coalesce(v_customer.merged_into_id, v_customer.id),
        set_preferences.resource_id, set_preferences.service_id, auth.uid(), private.now()
    )
    on conflict on constraint customer_preferences_pkey do update
        set
            resource_id = excluded.resource_id,
            service_id = excluded.service_id,
            updated_by = excluded.updated_by,
            updated_at = excluded.updated_at;
    return v_customer.id;
end;
$$;

/*
 * Return what somebody usually books in a business, and with whom: by their own word, as members
 * wrote it down, or else what they booked last. Without a customer it is the caller, else a
 * customer whom the caller serves. Nothing is returned that cannot be booked any more.
 * Definer: members' notes and the bookings of a customer decide together.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.preferred_selection(
    business_id uuid, customer_id uuid, out service_id uuid, out resource_id uuid
)
returns record
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
    v_customer customers.customers;
    v_noted scheduling.customer_preferences;
begin
    if preferred_selection.customer_id is null then
        v_user_id = private.token_user_id();
        v_noted = scheduling.noted_preference(
            preferred_selection.business_id, v_user_id, null, null
        );
    else
        v_customer = crm.require_customer(preferred_selection.customer_id);
        select customer_preferences.* into v_noted
        from scheduling.customer_preferences
        where
            customer_preferences.business_id = preferred_selection.business_id
            and customer_preferences.customer_id
            = coalesce(v_customer.merged_into_id, v_customer.id);
        v_user_id = v_customer.user_id;
    end if;
    service_id = crm.preferred_service(
        preferred_selection.business_id, v_user_id, v_noted,
        preferred_selection.customer_id is null
    );
    resource_id = crm.preferred_resource(
        preferred_selection.business_id, v_user_id, v_noted, service_id,
        preferred_selection.customer_id is null
    );
end;
$$;

/*
 * Return the first service that can be booked of: the account's own preference, which is only for
 * its owner, what members wrote down, and what the account booked last.
 */
create function crm.preferred_service(
    business_id uuid, user_id uuid, noted scheduling.customer_preferences, is_own boolean
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select services.id
        from (
            select 1 as rank, preferred_services.service_id as id, null::timestamptz as at
            from scheduling.preferred_services
            where
                is_own
                and preferred_services.business_id = preferred_service.business_id
                and preferred_services.customer_id = preferred_service.user_id
            union all
            select 2, noted.service_id, null
            union all
            select 3, booking_items.service_id, bookings.starts_at
            from scheduling.bookings
            inner join scheduling.booking_items
                on
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            where
                bookings.business_id = preferred_service.business_id
                and bookings.customer_id = preferred_service.user_id
                and bookings.status = 'completed'
                and booking_items.cancelled_at is null
        ) as wanted
        inner join catalog.services on services.id = wanted.id
        where
            services.business_id = preferred_service.business_id
            and services.archived_at is null
            and services.is_active
        order by wanted.rank, wanted.at desc
        limit 1
    );
end;
$$;

/*
 * Return the first resource that provides a service of: the account's own preference, which is only
 * for its owner, and what members wrote down.
 */
create function crm.preferred_resource(
    business_id uuid,
    user_id uuid,
    noted scheduling.customer_preferences,
    service_id uuid,
    is_own boolean
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select resources.id
        from (
            select 1 as rank, preferred_resources.resource_id as id
            from scheduling.preferred_resources
            where
                is_own
                and preferred_resources.business_id = preferred_resource.business_id
                and preferred_resources.customer_id = preferred_resource.user_id
            union all
            select 2, noted.resource_id
        ) as wanted
        inner join catalog.resources on resources.id = wanted.id
        inner join catalog.service_resources
            on
                service_resources.resource_id = resources.id
                and service_resources.service_id = preferred_resource.service_id
        where resources.business_id = preferred_resource.business_id and resources.is_active
        order by wanted.rank
        limit 1
    );
end;
$$;
