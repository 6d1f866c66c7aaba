-- Move a booking as the system, or as the user who is named; its history keeps who.
with acting as materialized (
    select set_config('request.jwt.claims', %(claims)s, true) as claims
)

select scheduling.move_booking(
    bookings.id,
    private.to_instant(%(to)s, '--to'),
    %(resource_id)s::uuid,
    '{customer,business,system}',
    private.to_text(%(reason)s, 'reason', 1000)
) as id
from acting
cross join scheduling.bookings
where bookings.reference = upper(%(reference)s) and acting.claims is not null
