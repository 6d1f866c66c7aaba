-- How often a customer came, did not come, and what they spent.

/*
 * Return the figures of a customer, counted from bookings, orders and payments themselves.
 * Definer: as crm.timeline.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.figures(customer_id uuid)
returns public.customer_figures
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(figures.customer_id);
    v_who crm.identity = crm.identity_of(v_customer.business_id, v_customer.id);
    v_figures public.customer_figures;
begin
    select
        count(*),
        count(*) filter (where bookings.status = 'completed'),
        count(*) filter (where bookings.status = 'cancelled'),
        count(*) filter (where bookings.status = 'no_show'),
        max(bookings.starts_at) filter (where bookings.status in ('checked_in', 'completed')),
        min(bookings.starts_at) filter (
            where bookings.status in ('pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
        )
    into
        v_figures.booking_count, v_figures.completed_count, v_figures.cancelled_count,
        v_figures.no_show_count, v_figures.last_visit_at, v_figures.next_visit_at
    from crm.bookings_of(v_who) as bookings;
    select businesses.currency into v_figures.currency
    from business.businesses
    where businesses.id = v_customer.business_id;
    select
        count(distinct orders.id),
        coalesce(sum(payment_parts.captured_minor - payment_parts.refunded_minor), 0)
    into v_figures.order_count, v_figures.spent_minor
    from crm.sales_of(v_who) as bought
    left join commerce.orders
        on orders.business_id = bought.business_id and orders.sale_id = bought.id
    left join money.payment_parts
        on
            payment_parts.business_id = bought.business_id
            and payment_parts.sale_id = bought.id
            and payment_parts.currency = v_figures.currency;
    v_figures.customer_id = v_customer.id;
    v_figures.business_id = v_customer.business_id;
    return v_figures;
end;
$$;
