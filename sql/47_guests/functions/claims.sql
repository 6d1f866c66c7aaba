-- From guest to account. Somebody who booked as a guest may sign up later. When their account has a
-- verified e-mail address, they may take over the bookings with that address that a code has
-- proved, and the sales and customer records that belong to them.

/*
 * Return the caller's account, whose e-mail address is verified.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function scheduling.verified_user()
returns auth.users
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    select users.* into strict v_user
    from auth.users
    where users.id = private.current_user_id();
    if v_user.email is null or v_user.email_confirmed_at is null then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Open the link in the mail that we sent you, then try again.'
        );
    end if;
    return v_user;
end;
$$;

/*
 * Assign the guest bookings with the caller's verified e-mail address to the caller's account.
 * Returns their number.
 * Definer: nobody has update privileges on bookings.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function scheduling.claim_guest_bookings()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = scheduling.verified_user();
    v_count integer;
begin
    with claimed as (
        update scheduling.bookings
        set customer_id = v_user.id
        where
            bookings.customer_id is null
            and bookings.contact_verified_at is not null
            and lower(bookings.customer_email) = lower(v_user.email)
        returning bookings.business_id, bookings.sale_id
    ),

    bought as (
        update sales.sales
        set customer_id = v_user.id
        from claimed
        where sales.business_id = claimed.business_id and sales.id = claimed.sale_id
    )

    select count(*) into v_count
    from claimed;
    perform customers.link_account(v_user.id);
    return v_count;
end;
$$;
