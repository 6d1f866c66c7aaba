-- Wholesale accounts by what is asked for: requests that wait first, then the latest.
select
    wholesale_accounts.id,
    wholesale_accounts.status,
    wholesale_accounts.requested_at,
    businesses.slug as business,
    wholesale_accounts.company_name,
    wholesale_accounts.country,
    wholesale_accounts.tax_number,
    (
        select count(*)
        from commerce.wholesale_buyers
        where
            wholesale_buyers.business_id = wholesale_accounts.business_id
            and wholesale_buyers.wholesale_account_id = wholesale_accounts.id
    ) as buyers,
    (
        select count(*)
        from commerce.wholesale_documents
        where wholesale_documents.wholesale_account_id = wholesale_accounts.id
    ) as documents,
    wholesale_accounts.net_days,
    wholesale_accounts.credit_limit_minor,
    wholesale_accounts.currency
from commerce.wholesale_accounts
inner join business.businesses on businesses.id = wholesale_accounts.business_id
where
    (%(business_id)s::uuid is null or wholesale_accounts.business_id = %(business_id)s)
    and (%(status)s::text is null or wholesale_accounts.status::text = %(status)s)
order by
    wholesale_accounts.status <> 'requested',
    wholesale_accounts.requested_at desc,
    wholesale_accounts.id
limit %(limit)s
