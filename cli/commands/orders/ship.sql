-- Send everything of an order that is open, as the operator or in the name of the user who is
-- named.
with acting as materialized (
    select set_config('request.jwt.claims', %(claims)s, true) as claims
),

packed as materialized (
    select commerce.pack_shipment(orders.id, null) as id
    from acting
    cross join commerce.orders
    where acting.claims is not null and orders.reference = upper(%(reference)s)
)

select
    commerce.send_shipment(
        packed.id,
        private.to_text(%(carrier)s, 'carrier', 100),
        private.to_text(%(tracking_number)s, 'tracking_number', 100),
        commerce.to_tracking_url(%(tracking_url)s)
    ) as id
from packed
