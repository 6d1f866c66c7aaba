-- Gift cards by what is asked for, the latest first.
select
    gift_cards.id,
    businesses.slug as business,
    gift_cards.last4,
    states.status,
    gift_cards.amount_minor,
    gift_cards.balance_minor,
    gift_cards.breakage_minor,
    gift_cards.currency,
    gift_cards.is_platform,
    gift_cards.is_taxed,
    gift_cards.expires_at,
    gift_cards.created_at
from public.gift_cards
inner join business.businesses on businesses.id = gift_cards.business_id
cross join lateral (
    select
        case
            when gift_cards.cancelled_at is not null then 'cancelled'
            when gift_cards.activated_at is null then 'unpaid'
            when gift_cards.expires_at <= private.now() then 'expired'
            else 'active'
        end as status
) as states
where
    (%(status)s::text is null or states.status = %(status)s)
    and (%(business_id)s::uuid is null or gift_cards.business_id = %(business_id)s)
    and (
        %(expires_within)s::integer is null
        or gift_cards.expires_at > private.now()
        and gift_cards.expires_at <= private.now() + make_interval(days => %(expires_within)s)
    )
order by gift_cards.created_at desc, gift_cards.id
limit %(limit)s
