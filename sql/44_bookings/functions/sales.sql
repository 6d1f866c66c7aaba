-- How bookings are sold. A booking is sold when it stops being a hold, in the same transaction;
-- what changes its price later becomes a revision of the sale.

/*
 * Return by how much refunds changed the price of a line: 0 or less.
 */
create function scheduling.refunded_of(business_id uuid, sale_id uuid, sale_line_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(sale_lines.amount_minor), 0)::bigint
        from sales.sale_lines
        inner join sales.sale_revisions
            on
                sale_revisions.business_id = sale_lines.business_id
                and sale_revisions.sale_id = sale_lines.sale_id
                and sale_revisions.revision = sale_lines.revision
        where
            sale_lines.business_id = refunded_of.business_id
            and sale_lines.sale_id = refunded_of.sale_id
            and sale_lines.corrects_line_id = refunded_of.sale_line_id
            and sale_revisions.cause = 'refunded'
    );
end;
$$;

/*
 * What revisions must add to a booking's sale, as the booking is now: minus a service that is not
 * provided, less what a refund took back of it already; what moves changed of the price of one that
 * is; plus the fees. `cause` names the fee that belongs to no single service.
 */
create function scheduling.sale_corrections(
    booking scheduling.bookings, cause sales.revision_cause
)
returns setof sales.change
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_off boolean = booking.status in ('cancelled', 'rejected', 'expired', 'no_show');
begin
    return query
    with sold as (
        select
            sale_lines.*,
            v_is_off or booking_items.cancelled_at is not null as is_off,
            coalesce(booking_items.cancellation_fee_minor, 0) as fee_minor,
            booking_items.amount_change_minor,
            booking_items.discount_change_minor
        from scheduling.booking_items
        inner join sales.sale_lines
            on
                sale_lines.business_id = booking_items.business_id
                and sale_lines.id = booking_items.sale_line_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
    )

    select (
        sales.make_change(
            'service', sold.id, sold.service_id, sold.name,
            case when sold.is_off
                then - sold.amount_minor
                    - scheduling.refunded_of(sold.business_id, sold.sale_id, sold.id)
                else sold.amount_change_minor
            end,
            case when sold.is_off then - sold.discount_minor else sold.discount_change_minor end
        )
    ).*
    from sold
    union all
    select (sales.make_change('fee', sold.id, sold.service_id, 'Cancellation fee', sold.fee_minor)).*
    from sold
    union all
    select (
        sales.make_change(
            'fee', null, null,
            case cause when 'moved' then 'Rescheduling fee' else 'No-show fee' end,
            booking.no_show_fee_minor + booking.reschedule_fee_minor
        )
    ).*;
end;
$$;

/*
 * The lines that a booking's sale lacks: what revisions must add, less what they have added. Tips,
 * charges and refunds are not the booking's.
 */
create function scheduling.sale_changes(
    booking scheduling.bookings, cause sales.revision_cause
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            sales.make_change(
                kind, line_id, max(service_id::text)::uuid, max(name), sum(amount)::bigint,
                sum(discount)::bigint
            )
        from (
            select
                wanted.kind,
                wanted.corrects_line_id as line_id,
                wanted.service_id,
                wanted.name,
                wanted.amount_minor as amount,
                wanted.discount_minor as discount
            from scheduling.sale_corrections(booking, cause) as wanted
            union all
            select
                written.kind,
                written.corrects_line_id,
                written.service_id,
                case when written.corrects_line_id is not null then written.name end,
                - written.amount_minor,
                - written.discount_minor
            from sales.sale_lines as written
            inner join sales.sale_revisions
                on
                    sale_revisions.business_id = written.business_id
                    and sale_revisions.sale_id = written.sale_id
                    and sale_revisions.revision = written.revision
            where
                written.business_id = booking.business_id
                and written.sale_id = booking.sale_id
                and written.revision > 0
                and sale_revisions.cause not in ('refunded', 'tipped', 'charged')
        ) as balance
        group by kind, line_id
        having sum(amount) <> 0 or sum(discount) <> 0
        order by kind, line_id
    );
end;
$$;
