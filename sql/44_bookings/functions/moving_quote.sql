-- What moving a booking would cost, for whoever may move it: who pays or gets the difference, and
-- how.

/*
 * Return what it would cost to move a booking to a start and a resource.
 * Definer: reads what the booking's customer and members may see; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 hold_expired invalid_transition
 */
create function scheduling.reschedule_quote(
    booking_id uuid, starts_at timestamptz, resource_id uuid
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_legs scheduling.leg[];
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = reschedule_quote.booking_id and scheduling.actors(bookings) <> '{}';
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Check the id in the view bookings.'
        );
    end if;
    perform scheduling.refuse_immovable(v_booking);
    if reschedule_quote.resource_id is not null and not exists (
        select 1
        from catalog.resources
        where
            resources.business_id = v_booking.business_id
            and resources.id = reschedule_quote.resource_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such resource.',
            'Check the id in the view resources.'
        );
    end if;
    v_legs = scheduling.moved_legs(
        v_booking, coalesce(reschedule_quote.starts_at, v_booking.starts_at), resource_id, null
    );
    -- A member hears the new price, which applies if they name it.
    return scheduling.costs_of_move(
        v_booking,
        v_legs,
        scheduling.price_differences(v_booking, v_legs, v_booking.total_minor)
    );
end;
$$;

/*
 * Return what a move to some legs costs, in the form of the API.
 */
create function scheduling.costs_of_move(
    booking scheduling.bookings, legs scheduling.leg[], differences bigint[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_changes sales.change[] = array(
        select
            sales.make_change(
                'service', changes.sale_line_id, null, null, changes.amount_minor,
                changes.discount_minor
            )
        from scheduling.item_changes(booking, differences) as changes
        where changes.amount_minor <> 0 or changes.discount_minor <> 0
        order by changes.sale_line_id
    );
    v_change bigint = (
        select coalesce(sum(total.minor), 0)
        from unnest(
            sales.totals_of_changes(booking.business_id, booking.sale_id, v_changes)
        ) as total (minor)
    );
    v_fee bigint = case
        when scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[]
            or legs[1].starts_at = booking.starts_at then 0
        else scheduling.reschedule_fee(booking, private.now())
    end;
begin
    return jsonb_build_object(
        'booking_id', booking.id,
        'starts_at', legs[1].starts_at,
        'currency', booking.currency,
        'total_minor', booking.total_minor + v_change,
        'difference_minor', v_change,
        'reschedule_fee_minor', v_fee
    ) || scheduling.settlement_of_move(booking, v_change + v_fee);
end;
$$;

/*
 * Return who pays if a sale's price changes by an amount: what the customer still has to pay then,
 * what is refunded to where it came from, and what a member hands back in cash.
 */
create function scheduling.settlement_of_move(booking scheduling.bookings, change_minor bigint)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_balance bigint = (
        money.sale_balance(booking.business_id, booking.sale_id)
    ).balance_minor + change_minor;
    v_refundable bigint = money.refundable(booking.business_id, booking.sale_id);
begin
    return jsonb_build_object(
        'owed_minor', greatest(v_balance, 0),
        'refund_minor', least(greatest(- v_balance, 0), v_refundable),
        'hand_back_minor', greatest(- v_balance - v_refundable, 0)
    );
end;
$$;
