-- What a move to another price changes. Both places are priced by the lists and rules of the
-- business as on the day of the booking, so that the difference is that of the places: what the
-- catalog costs meanwhile changes nothing, and a discount keeps its share of the price. The policy
-- of the booking says whether its customer pays and gets the difference. A business that moves a
-- booking keeps its price, unless it names the total that the customer accepted.

/*
 * Return by how much the price of each service that is left changes if a booking moves to some
 * legs.
 */
create function scheduling.price_differences(
    booking scheduling.bookings, legs scheduling.leg[], accepted_total_minor bigint
)
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pricing text = scheduling.move_pricing(booking, accepted_total_minor);
    v_before bigint[];
    v_after bigint[];
begin
    if v_pricing = 'keep' or not (pricing.tools_of(booking.business_id)).is_in_use then
        return array_fill(0::bigint, array[cardinality(legs)]);
    end if;
    v_before = scheduling.place_prices(
        booking, scheduling.moved_legs(booking, booking.starts_at, null, null)
    );
    v_after = scheduling.place_prices(booking, legs);
    return array(
        select case
            when v_pricing = 'surcharge' then greatest(after.minor - before.minor, 0)
            else after.minor - before.minor
        end
        from unnest(v_before) with ordinality as before (minor, place)
        inner join unnest(v_after) with ordinality as after (minor, place) using (place)
        order by place
    );
end;
$$;

/*
 * Return what a move by the caller means for the price, as catalog.reschedule_pricing.
 */
create function scheduling.move_pricing(
    booking scheduling.bookings, accepted_total_minor bigint
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[] then
        return case when accepted_total_minor is null then 'keep' else 'difference' end;
    end if;
    return coalesce(booking.policy ->> 'reschedule_pricing', 'keep');
end;
$$;

/*
 * Return what the services of a booking cost at some legs, for all guests and before discounts.
 * What cannot be priced any more, because its price list is gone, costs nothing anywhere.
 */
create function scheduling.place_prices(booking scheduling.bookings, legs scheduling.leg[])
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = scheduling.lines_of(scheduling.legs_to_price(booking, legs));
    v_context pricing.context = pricing.for_buyer(
        pricing.make_terms(currency => booking.currency),
        booking.business_id,
        booking.customer_id,
        case when booking.contact_verified_at is not null then booking.customer_email end
    );
begin
    v_context.at = booking.created_at;
    return array(
        select price.minor * v_lines[price.place].quantity
        from unnest(pricing.unit_prices(v_lines, v_context)) with ordinality
            as price (minor, place)
        order by price.place
    );
exception
    when sqlstate 'PT400' then
        return array_fill(0::bigint, array[cardinality(legs)]);
end;
$$;

/*
 * Return the legs of a move as pricing asks about them: with the price of the catalog, and with a
 * resource only where the customer named it or names it now.
 */
create function scheduling.legs_to_price(booking scheduling.bookings, legs scheduling.leg[])
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = legs;
    v_item record;
begin
    for v_item in
        select
            row_number() over (order by booking_items.position) as place,
            booking_items.resource_id,
            booking_items.assigned_by,
            services.price_minor,
            services.currency
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    loop
        v_legs[v_item.place].price_minor = v_item.price_minor;
        v_legs[v_item.place].currency = v_item.currency;
        if v_legs[v_item.place].resource_id = v_item.resource_id
            and v_item.assigned_by is distinct from 'customer' then
            v_legs[v_item.place].resource_id = null;
        end if;
    end loop;
    return v_legs;
end;
$$;

/*
 * Return what some differences change of each service that is left: its amount, which never falls
 * below what refunds took off it, and its discount.
 */
create function scheduling.item_changes(booking scheduling.bookings, differences bigint[])
returns table (item_id uuid, sale_line_id uuid, amount_minor bigint, discount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with present as (
        select
            booking_items.id,
            booking_items.sale_line_id,
            sale_lines.amount_minor + booking_items.amount_change_minor as amount,
            sale_lines.discount_minor + booking_items.discount_change_minor as discount,
            scheduling.refunded_of(
                booking.business_id, booking.sale_id, sale_lines.id
            ) as refunded,
            differences[row_number() over (order by booking_items.position)] as difference
        from scheduling.booking_items
        inner join sales.sale_lines
            on
                sale_lines.business_id = booking_items.business_id
                and sale_lines.id = booking_items.sale_line_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    )

    select present.id, present.sale_line_id, changed.amount, case
        when present.amount = 0 then 0
        else round(present.discount::numeric * changed.amount / present.amount)
    end::bigint
    from present
    cross join lateral (
        select greatest(present.difference, - present.amount - present.refunded)
    ) as changed (amount);
end;
$$;

/*
 * Change the price of a booking that has moved: on its services, by a revision of its sale, and in
 * its total. Refuses a total that the customer did not accept.
 *
 * Errors:  PT409 price_changed
 */
create function scheduling.reprice_booking(
    booking scheduling.bookings, differences bigint[], accepted_total_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change bigint = 0;
begin
    if 0 <> any(differences) then
        update scheduling.booking_items
        set
            amount_change_minor = booking_items.amount_change_minor + changes.amount_minor,
            discount_change_minor = booking_items.discount_change_minor + changes.discount_minor
        from scheduling.item_changes(booking, differences) as changes
        where booking_items.id = changes.item_id;
        perform sales.revise_sale(
            booking.business_id, booking.sale_id, 'moved',
            scheduling.sale_changes(booking, 'moved')
        );
        v_change = scheduling.update_prices(booking);
    end if;
    if booking.total_minor + v_change <> accepted_total_minor then
        perform pricing.refuse_changed_price();
    end if;
    update scheduling.bookings
    set
        total_minor = bookings.total_minor + v_change,
        price_change_minor = v_change,
        prepayment_minor = round(
            bookings.prepayment_minor::numeric * (bookings.total_minor + v_change)
            / greatest(bookings.total_minor, 1)
        )
    where bookings.id = booking.id and (v_change <> 0 or bookings.price_change_minor <> 0);
end;
$$;

/*
 * Let the services of a booking cost what their lines say now, without what refunds took off.
 * Returns by how much they cost more than before.
 */
create function scheduling.update_prices(booking scheduling.bookings)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_before bigint = (
        select sum(booking_items.price_minor)
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
    );
begin
    update scheduling.booking_items
    set price_minor = (
        select sum(sales.line_total(sale_lines))
        from sales.sale_lines
        inner join sales.sale_revisions using (business_id, sale_id, revision)
        where
            sale_lines.business_id = booking_items.business_id
            and sale_lines.sale_id = booking.sale_id
            and sale_lines.kind = 'service'
            and booking_items.sale_line_id in (sale_lines.id, sale_lines.corrects_line_id)
            and sale_revisions.cause <> 'refunded'
    )
    where
        booking_items.business_id = booking.business_id
        and booking_items.booking_id = booking.id
        and booking_items.cancelled_at is null;
    return (
        select sum(booking_items.price_minor) - v_before
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
    );
end;
$$;
