select on_hand
from public.adjust_stock(
    %(store_id)s::text, %(variant_id)s::text, %(quantity)s::text, %(reason)s, %(note)s,
    unit_cost_minor => %(cost)s::text, lot_code => %(lot)s, expires_on => %(expires)s
)
