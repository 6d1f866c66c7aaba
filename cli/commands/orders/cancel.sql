-- Cancel an order as the operator, or in the name of the user who is named.
with acting as materialized (
    select set_config('request.jwt.claims', %(claims)s, true) as claims
)

select
    commerce.cancel_order(orders.id, null, private.to_text(%(reason)s, 'reason', 1000)) as id
from acting
cross join commerce.orders
where acting.claims is not null and orders.reference = upper(%(reference)s)
