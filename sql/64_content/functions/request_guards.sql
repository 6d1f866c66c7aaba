-- Who may ask for whose data, and who cannot be erased yet.

/*
 * Refuse to erase somebody who cannot go yet.
 *
 * Errors:  PT409 bookings_ahead last_owner still_member
 */
create function privacy.require_ready(user_id uuid, business_id uuid, contacts text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.bookings
        where
            bookings.status in ('held', 'pending_payment', 'pending', 'confirmed', 'checked_in')
            and bookings.ends_at > private.now()
            and (bookings.status <> 'held' or bookings.hold_expires_at > private.now())
            and (
                bookings.customer_id = require_ready.user_id
                or bookings.customer_id is null and lower(bookings.customer_email) = any(contacts)
            )
            and (require_ready.business_id is null or bookings.business_id = require_ready.business_id)
    ) then
        perform private.refuse(
            'PT409', 'bookings_ahead', 'There are bookings ahead.', 'Cancel them first.'
        );
    end if;
    if business_id is null and exists (
        select 1
        from business.business_members
        where
            business_members.user_id = require_ready.user_id
            and business_members.role = 'owner'
            and not exists (
                select 1
                from business.business_members as others
                where
                    others.business_id = business_members.business_id
                    and others.role = 'owner'
                    and others.user_id <> require_ready.user_id
            )
    ) then
        perform private.refuse(
            'PT409', 'last_owner', 'The last owner of a business cannot be erased.',
            'Make somebody else an owner first.'
        );
    end if;
    if exists (
        select 1
        from business.business_members
        where
            business_members.user_id = require_ready.user_id
            and business_members.business_id = require_ready.business_id
    ) then
        perform private.refuse(
            'PT409', 'still_member', 'This customer is a member of the business.',
            'Remove the member first.'
        );
    end if;
end;
$$;

/*
 * Refuse somebody who erases themselves and has not just signed in: a token that somebody else
 * found must not be enough.
 *
 * Errors:  PT401 reauthentication_needed
 */
create function privacy.require_recent_sign_in()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_last constant double precision = (
        select max((method ->> 'timestamp')::double precision)
        from jsonb_array_elements(
            case when jsonb_typeof(auth.jwt() -> 'amr') = 'array' then auth.jwt() -> 'amr' else '[]' end
        ) as method
        where method ->> 'timestamp' ~ '^\d+(\.\d+)?$'
    );
begin
    if v_last is null or to_timestamp(v_last) < private.now() - make_interval(
        mins => (select settings.sign_in_minutes from privacy.settings)
    ) then
        perform private.refuse(
            'PT401', 'reauthentication_needed', 'Sign in again to erase your account.',
            'Sign in with your password or a code, and call again within ten minutes.'
        );
    end if;
end;
$$;

/*
 * Return the customer of a business whose data the caller may export or erase.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function privacy.known_customer(customer_id uuid)
returns customers.customers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    select customers.* into v_customer
    from customers.customers
    where
        customers.id = known_customer.customer_id
        and (
            private.is_operator()
            or customers.business_id in (select private.my_businesses('view'))
        );
    if v_customer.id is null then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such customer.', 'Check the id in the view customers.'
        );
    end if;
    perform private.require_member(v_customer.business_id, 'manage');
    return v_customer;
end;
$$;

/*
 * Refuse a caller who is neither an admin of the platform nor the operator.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden
 */
create function privacy.require_admin()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
end;
$$;

/*
 * Return the id of an account that exists, or null for null.
 *
 * Errors:  PT404 not_found
 */
create function privacy.known_user(user_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if user_id is not null
        and not exists (select 1 from auth.users where users.id = known_user.user_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such user.', 'Check the user''s id.'
        );
    end if;
    return user_id;
end;
$$;
