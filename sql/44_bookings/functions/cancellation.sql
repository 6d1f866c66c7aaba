-- What cancelling a booking costs, for whoever may know: its customer and its business.

/*
 * Return what it costs the customer to cancel at an instant, service by service; for a cancelled
 * booking, what cancelling did cost.
 * Definer: reads what the booking's customer and members may see; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.cancellation_quote(booking_id uuid, at timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.id = cancellation_quote.booking_id
        and (
            scheduling.actors(bookings) <> '{}'
            or bookings.business_id in (select private.my_businesses('view'))
        );
    if v_booking.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Check the id in the view bookings.'
        );
    end if;
    if v_booking.status not in ('held', 'pending_payment', 'pending', 'confirmed', 'cancelled') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking can no longer be cancelled.',
            'Read the booking again and check its status.'
        );
    end if;
    return scheduling.cancellation_costs(v_booking, at);
end;
$$;

/*
 * Return what it costs the customer of a booking to cancel at an instant, in the form of the API.
 */
create function scheduling.cancellation_costs(booking scheduling.bookings, at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms jsonb = scheduling.cancellation_terms(booking, at);
begin
    return (
        select
            jsonb_build_object(
                'booking_id', booking.id,
                'at', at,
                'currency', booking.currency,
                'total_minor', booking.total_minor,
                'fee_minor', sum(lines.fee_minor),
                'refund_minor', booking.total_minor - sum(lines.fee_minor),
                'paid_back_minor', greatest(
                    scheduling.paid_for(booking) - sum(lines.fee_minor), 0
                ),
                'reschedule_fee_minor', scheduling.reschedule_fee(booking, at),
                'tier', jsonb_strip_nulls(v_terms),
                'lines', jsonb_agg(
                    to_jsonb(lines)
                    || jsonb_build_object('refund_minor', lines.total_minor - lines.fee_minor)
                )
            )
        from scheduling.fee_lines(booking, v_terms) as lines
    );
end;
$$;
