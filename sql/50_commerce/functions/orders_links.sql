-- From a guest's order to an account, and by a link to what its guest may see. The link shows the
-- order for a season; cancelling and returning need a code, because mails are passed on.

/*
 * Return the path of a link that shows an order to its guest for 90 days; null for an order of an
 * account, whose owner signs in.
 */
create function commerce.order_path(order_id uuid)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    select orders.business_id, orders.id, sales.customer_email, private.now() + interval '90 days'
    into v_request.business_id, v_request.order_id, v_request.email, v_request.expires_at
    from commerce.orders
    inner join sales.sales
        on sales.business_id = orders.business_id and sales.id = orders.sale_id
    where
        orders.id = order_path.order_id
        and orders.customer_id is null
        and sales.customer_email is not null;
    if not found then
        return null;
    end if;
    return format(
        '/functions/v1/order?order=%s&token=%s', order_path.order_id,
        scheduling.make_link(v_request)
    );
end;
$$;

/*
 * Return what a guest may see of the order behind a link.
 * Definer: guests are not signed in; the token proves whose order it is.
 *
 * Errors:  PT403 code_invalid
 */
create function commerce.order_by_link(order_id uuid, token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform scheduling.require_link(order_id, token);
    return commerce.shown_to_guest(commerce.order_now(order_id));
end;
$$;

/*
 * Assign what was bought with the caller's verified e-mail address, and without an account, to the
 * caller's account. Returns the number of orders.
 * Definer: nobody has update privileges on orders and sales.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function commerce.claim_guest_orders()
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
    perform customers.note_customer(
        guests.business_id, v_user.id, guests.name, v_user.email, null, v_user.email_confirmed_at
    )
    from (
        select sales.business_id, max(sales.customer_name) as name
        from commerce.orders
        inner join sales.sales
            on sales.business_id = orders.business_id and sales.id = orders.sale_id
        where
            orders.customer_id is null
            and sales.customer_id is null
            and lower(sales.customer_email) = lower(v_user.email)
        group by sales.business_id
    ) as guests;
    with bought as (
        update sales.sales
        set customer_id = v_user.id
        from commerce.orders
        where
            orders.business_id = sales.business_id
            and orders.sale_id = sales.id
            and orders.customer_id is null
            and sales.customer_id is null
            and lower(sales.customer_email) = lower(v_user.email)
        returning orders.id, sales.basket_id
    ),

    baskets as (
        update sales.baskets
        set customer_id = v_user.id
        from bought
        where baskets.id = bought.basket_id and baskets.customer_id is null
    )

    update commerce.orders
    set customer_id = v_user.id
    from bought
    where orders.id = bought.id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
