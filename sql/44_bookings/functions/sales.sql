-- How bookings are sold. A booking is sold when it stops being a hold, in the same transaction; what
-- changes its price later becomes a revision of the sale.

/*
 * Compare a booking with its sale and return the lines that are missing: a service that is not
 * provided is taken back, a fee is charged.
 */
create function scheduling.sale_changes(
    booking scheduling.bookings, cause sales.revision_cause
)
returns sales.sale_lines[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_off boolean = booking.status in ('cancelled', 'rejected', 'expired', 'no_show');
    v_fee_name text = case cause when 'moved' then 'Rescheduling fee' else 'No-show fee' end;
begin
    return array(
        with sold as (
            select
                sale_lines.*,
                v_is_off or booking_items.cancelled_at is not null as is_off,
                coalesce(booking_items.cancellation_fee_minor, 0) as fee_minor
            from scheduling.booking_items
            inner join sales.sale_lines
                on
                    sale_lines.business_id = booking_items.business_id
                    and sale_lines.id = booking_items.sale_line_id
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
        ),

        wanted as (
            select
                'service'::sales.line_kind as kind,
                sold.id as corrects_line_id,
                sold.service_id,
                sold.name,
                case when sold.is_off then - sold.amount_minor else 0 end as amount_minor
            from sold
            union all
            select
                'fee',
                sold.id,
                sold.service_id,
                'Cancellation fee',
                sold.fee_minor
            from sold
            union all
            select
                'fee',
                null,
                null,
                v_fee_name,
                booking.no_show_fee_minor + booking.reschedule_fee_minor
        ),

        written as (
            select
                sale_lines.kind,
                sale_lines.corrects_line_id,
                sum(sale_lines.amount_minor)::bigint as amount_minor
            from sales.sale_lines
            where
                sale_lines.business_id = booking.business_id
                and sale_lines.sale_id = booking.sale_id
                and sale_lines.revision > 0
            group by sale_lines.kind, sale_lines.corrects_line_id
        )

        select
            sales.make_change(
                wanted.kind,
                wanted.corrects_line_id,
                wanted.service_id,
                wanted.name,
                wanted.amount_minor - coalesce(written.amount_minor, 0)
            )
        from wanted
        left join written
            on
                written.kind = wanted.kind
                and written.corrects_line_id is not distinct from wanted.corrects_line_id
        where wanted.amount_minor <> coalesce(written.amount_minor, 0)
        order by wanted.kind, wanted.corrects_line_id
    );
end;
$$;
