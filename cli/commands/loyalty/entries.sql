-- The changes of a customer's points, the latest first.
select
    entries.created_at,
    entries.kind,
    entries.points,
    lots.expires_at,
    entries.sale_id,
    entries.reason
from loyalty.entries
left join loyalty.lots on lots.business_id = entries.business_id and lots.id = entries.lot_id
where entries.customer_id = %(customer_id)s
order by entries.created_at desc, entries.id
limit %(limit)s
