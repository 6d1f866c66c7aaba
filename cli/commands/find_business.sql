-- A business by its slug or its id.
select
    businesses.id,
    businesses.slug,
    businesses.name,
    businesses.time_zone,
    (now() at time zone businesses.time_zone)::date as today
from business.businesses
where businesses.slug = %(name)s or businesses.id::text = lower(%(name)s)
