-- Staff report that they have arrived at the customer's.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.mark_arrived(booking_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.announce_arrival(private.to_identifier(booking_id, 'booking_id'));
end;
$$;
comment on function public.mark_arrived is
'Report that the professional has arrived at the customer''s.

The customer is notified once, by SMS and push. Only for staff assigned to the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

grant execute on function public.mark_arrived(public.identifier)
to anon, authenticated, service_role;
