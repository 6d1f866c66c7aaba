-- How long a hold lasts, and how many a customer may have. A hold costs nothing, so one person
-- could hold a whole day. A business limits the open holds of a customer (an account, or a guest's
-- e-mail address) and of a network address, because anybody can make accounts and addresses.

/*
 * Return until when a customer holds some legs: the shortest time of their services, which is
 * shorter for a user who signed in without an address.
 */
create function scheduling.hold_until(legs scheduling.leg[], customer identity.profiles)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_anonymous boolean = exists (
        select 1 from auth.users where users.id = customer.id and users.is_anonymous
    );
begin
    return private.now() + make_interval(mins => (
        select
            min(
                case
                    when v_is_anonymous then least(leg.hold_minutes, leg.anonymous_hold_minutes)
                    else leg.hold_minutes
                end
            )
        from unnest(legs) as leg
    ));
end;
$$;

/*
 * Return who holds: the account of a customer, or the e-mail address of a guest.
 */
create function scheduling.holder(customer identity.profiles)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(customer.id::text, lower(customer.email));
end;
$$;

/*
 * Refuse another hold to a customer, or to a network address, with as many open holds as the
 * business allows. The function locks both before any other row, so concurrent requests cannot pass
 * the limit. Holds that have expired, or that became bookings, do not count.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_more_holds(business_id uuid, holder text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business business.businesses;
    v_of_holder bigint;
    v_of_address bigint;
begin
    perform private.lock(array[
        md5(concat('hold ', business_id, holder))::uuid, md5('hold ' || business_id || ip)::uuid
    ]);
    select businesses.* into strict v_business
    from business.businesses
    where businesses.id = refuse_more_holds.business_id;
    select
        count(*) filter (where holds.holder = refuse_more_holds.holder),
        count(*) filter (where holds.ip = refuse_more_holds.ip)
    into v_of_holder, v_of_address
    from scheduling.holds
    inner join scheduling.bookings
        on bookings.business_id = holds.business_id and bookings.id = holds.booking_id
    where
        holds.business_id = refuse_more_holds.business_id
        and (holds.holder = refuse_more_holds.holder or holds.ip = refuse_more_holds.ip)
        and bookings.status = 'held'
        and bookings.hold_expires_at > private.now();
    if v_of_holder >= v_business.max_holds_per_customer then
        perform private.refuse(
            'PT422', 'limit_reached', 'You hold as many times as this business allows.',
            'Confirm or cancel a hold, or wait until one expires.'
        );
    elsif v_of_address >= v_business.max_holds_per_address then
        perform private.refuse(
            'PT422', 'limit_reached',
            'As many times are held from your network as this business allows.',
            'Wait until a hold expires, or book without a hold.'
        );
    end if;
end;
$$;

/*
 * Delete what is kept about holds that have ended. Returns the number of rows.
 * Definer: the worker calls it and has no access to the table.
 */
create function scheduling.forget_ended_holds()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from scheduling.holds
    using scheduling.bookings
    where
        bookings.business_id = holds.business_id
        and bookings.id = holds.booking_id
        and (bookings.status <> 'held' or bookings.hold_expires_at <= private.now());
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
