-- What a booking has to do with payments. Money knows sales and nothing of bookings; it is a
-- booking that listens to the parts of payments of its sale.

/*
 * Return what must be paid of some legs before they are confirmed: of each leg's line, the share
 * that its service says or, where it says none, its business.
 */
create function scheduling.prepayment_of(legs scheduling.leg[], quote jsonb)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_default integer = 0;
begin
    if exists (select 1 from unnest(legs) as leg where leg.prepayment_bps is null) then
        v_default = money.prepayment_bps(legs[1].business_id);
    end if;
    if v_default = 0 and not exists (
        select 1 from unnest(legs) as leg where leg.prepayment_bps > 0
    ) then
        return 0;
    end if;
    return (
        select
            sum(
                round(
                    coalesce(leg.prepayment_bps, v_default) / 10000.0 * (
                        (line ->> 'amount_minor')::bigint
                        - coalesce((line ->> 'discount_minor')::bigint, 0)
                        + case
                            when coalesce((line ->> 'tax_is_included')::boolean, true) then 0
                            else (line ->> 'tax_minor')::bigint
                        end
                    )
                )
            )::bigint
        from unnest(legs) with ordinality as leg
        cross join lateral (
            select prepayment_of.quote -> 'lines' -> (leg.ordinality::integer - 1)
        ) as lines (line)
    );
end;
$$;

/*
 * Is the prepayment of a booking paid or reserved?
 * Definer: a customer's own step asks, and customers read no payments of others for their sale.
 */
create function scheduling.is_prepaid(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_balance record;
begin
    if booking.prepayment_minor = 0 then
        return true;
    elsif booking.sale_id is null then
        return false;
    end if;
    v_balance = money.sale_balance(booking.business_id, booking.sale_id);
    return v_balance.secured_minor - v_balance.returned_minor >= booking.prepayment_minor;
end;
$$;

/*
 * Return what was paid for a booking, less what was given back or is about to be.
 * Definer: a member without rights on payments may ask for the quote of a cancellation.
 */
create function scheduling.paid_for(booking scheduling.bookings)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_balance record;
begin
    if booking.sale_id is null then
        return 0;
    end if;
    v_balance = money.sale_balance(booking.business_id, booking.sale_id);
    return v_balance.secured_minor - v_balance.returned_minor;
end;
$$;

/*
 * Confirm a booking whose prepayment has come; one on request then waits for the business. A
 * booking whose time ran out is confirmed if nobody took it and it has not begun; otherwise nothing
 * happens here, and money.settle_sale gives the payment back. Never refuses: the money has come.
 * Definer: whoever records a payment has no rights on bookings.
 */
create function scheduling.confirm_paid(booking_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    perform private.lock(scheduling.resources_of(confirm_paid.booking_id));
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = confirm_paid.booking_id
    for update;
    if v_booking.status not in ('pending_payment', 'expired')
        or not scheduling.is_prepaid(v_booking) then
        return;
    elsif v_booking.starts_at <= private.now() then
        perform scheduling.announce_late_payment(v_booking);
        return;
    end if;
    update scheduling.bookings
    set
        status = case
            when scheduling.is_on_request(v_booking) then 'pending'
            else 'confirmed'
        end::scheduling.booking_status,
        hold_expires_at = null
    where bookings.id = v_booking.id;
exception
    when sqlstate 'PT409' then
        -- Somebody else has the time.
        perform scheduling.announce_late_payment(v_booking);
end;
$$;

/*
 * Announce that a booking was paid when its time was gone: the customer hears of the refund.
 */
create function scheduling.announce_late_payment(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'booking.paid_too_late',
        jsonb_build_object(
            'booking_id', booking.id,
            'business_id', booking.business_id,
            'from_status', booking.status,
            'to_status', booking.status,
            'from_starts_at', booking.starts_at,
            'to_starts_at', booking.starts_at,
            'actor', 'system',
            'reason', null,
            'fee_minor', 0,
            'booking_item_id', null,
            'is_repeated', false
        )
    );
end;
$$;
