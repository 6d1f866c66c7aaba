/*
 * Return how many seats of a session are free now.
 * Definer: it does not say who has the others.
 */
create function scheduling.free_seats(business_id uuid, session_id uuid, capacity integer)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return free_seats.capacity - count(*)
    from scheduling.seats
    where
        seats.business_id = free_seats.business_id
        and seats.session_id = free_seats.session_id
        and seats.is_blocking
        and (seats.expires_at is null or seats.expires_at > private.now());
end;
$$;
