-- A resource of the business of a booking, by its name or its id.
select resources.id
from scheduling.bookings
inner join catalog.resources on resources.business_id = bookings.business_id
where
    bookings.reference = upper(%(reference)s)
    and (lower(resources.name) = lower(%(name)s) or resources.id::text = lower(%(name)s))
