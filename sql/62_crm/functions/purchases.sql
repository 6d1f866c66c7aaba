-- What a customer booked and bought. Bookings and sales name the account of whoever bought, or
-- their contact, so each is found by everything by which the customer is known.

/*
 * Return the bookings of a customer. One that holds a time is not booked yet.
 */
create function crm.bookings_of(who crm.identity)
returns setof scheduling.bookings
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select bookings.*
    from scheduling.bookings
    where
        bookings.business_id = who.business_id
        and bookings.sale_id is not null
        and (
            bookings.customer_id = any(who.user_ids)
            or bookings.customer_id is null
            and (
                lower(bookings.customer_email) = any(who.emails)
                or bookings.customer_phone = any(who.phones)
            )
        );
end;
$$;

/*
 * Return the sales of a customer.
 */
create function crm.sales_of(who crm.identity)
returns setof sales.sales
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select sales.*
    from sales.sales
    where
        sales.business_id = who.business_id
        and (
            sales.customer_id = any(who.user_ids)
            or sales.customer_id is null
            and (
                lower(sales.customer_email) = any(who.emails)
                or sales.customer_phone = any(who.phones)
            )
        );
end;
$$;
