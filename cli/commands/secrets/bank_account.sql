select bank_accounts.secret_id, bank_accounts.holder_name, businesses.name as business
from money.bank_accounts
inner join business.businesses on bank_accounts.business_id = businesses.id
where
    (businesses.slug = %(business)s or businesses.id::text = lower(%(business)s))
    and bank_accounts.currency = upper(%(currency)s)
