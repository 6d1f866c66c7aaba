-- One business with so many services and resources that embedding them in each other multiplies.
with salon as (
    select id from business.businesses where id = %(business)s
),

resources as (
    insert into catalog.resources (business_id, kind, name)
    select salon.id, 'room', 'Room ' || number
    from salon, generate_series(1, 30) as number
    returning business_id, id
),

services as (
    insert into catalog.services (
        business_id, name, description, duration_minutes, price_minor, currency
    )
    select salon.id, 'Service ' || number, repeat('words ', 200), 30, 1000, 'EUR'
    from salon, generate_series(1, 100) as number
    returning business_id, id
)

insert into catalog.service_resources (business_id, service_id, resource_id)
select services.business_id, services.id, resources.id
from services, resources;
