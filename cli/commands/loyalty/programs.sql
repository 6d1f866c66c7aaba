-- Loyalty programs with how many points customers have, by business.
select
    businesses.slug as business,
    programs.name,
    programs.is_active as active,
    programs.currency,
    programs.earn_points || ' for ' || programs.earn_minor as earns,
    programs.redeem_points || ' take off ' || programs.redeem_minor as redeems,
    programs.expires_after_days,
    programs.bearer,
    coalesce(sums.customers, 0)::bigint as customers,
    coalesce(sums.points, 0)::bigint as points,
    coalesce(sums.debt_points, 0)::bigint as debt_points
from loyalty.programs
inner join business.businesses on businesses.id = programs.business_id
left join lateral (
    select
        count(*) as customers,
        sum(
            loyalty.spendable(accounts.business_id, accounts.customer_id, private.now())
        ) as points,
        sum(accounts.debt_points) as debt_points
    from loyalty.accounts
    where accounts.business_id = programs.business_id
) as sums on true
where %(business_id)s::uuid is null or programs.business_id = %(business_id)s
order by businesses.slug
