-- The accounts with their balance, those of a business and of a kind alone where they are named.
select
    accounts.id,
    accounts.kind,
    accounts.currency,
    money.balance(accounts.id) as balance_minor,
    businesses.name as business,
    accounts.provider,
    accounts.owner_id
from money.accounts
left join business.businesses on accounts.business_id = businesses.id
where
    (%(business)s::text is null or %(business)s in (businesses.slug, businesses.name, businesses.id::text))
    and (%(kind)s::text is null or accounts.kind::text = %(kind)s)
    and (%(currency)s::text is null or accounts.currency = upper(%(currency)s))
order by accounts.kind, businesses.name, accounts.currency, accounts.created_at, accounts.id
limit %(limit)s
