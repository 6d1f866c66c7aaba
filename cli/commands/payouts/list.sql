-- Payouts with their business, the newest first.
select
    payouts.id,
    payouts.created_at,
    businesses.slug as business,
    payouts.amount_minor,
    payouts.currency,
    payouts.status,
    users.email as requested_by,
    payouts.provider,
    payouts.file_id,
    payouts.failure,
    payouts.finished_at
from money.payouts
inner join business.businesses on businesses.id = payouts.business_id
left join auth.users on users.id = payouts.requested_by
where
    (%(payout_id)s::text is null or payouts.id::text = lower(%(payout_id)s))
    and (%(business_id)s::uuid is null or payouts.business_id = %(business_id)s)
    and (%(status)s::text is null or payouts.status::text = %(status)s)
order by payouts.created_at desc, payouts.id
limit %(limit)s
