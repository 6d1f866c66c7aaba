-- Refunds by what is asked for, the latest first.
select
    refunds.id,
    refunds.status,
    businesses.slug as business,
    refunds.amount_minor,
    refunds.currency,
    refunds.reason,
    refunds.failure,
    refunds.payment_id,
    refunds.created_at
from money.refunds
inner join business.businesses on businesses.id = refunds.business_id
where
    (%(business_id)s::uuid is null or refunds.business_id = %(business_id)s)
    and (%(status)s::text is null or refunds.status::text = %(status)s)
order by refunds.created_at desc, refunds.id
limit %(limit)s
