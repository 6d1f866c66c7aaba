-- Every entry that is booked from a day on, in order.
select
    transactions.number,
    transactions.id as transaction_id,
    transactions.booked_on,
    transactions.at,
    transactions.cause_kind,
    transactions.cause_id,
    accounts.id as account_id,
    accounts.kind,
    accounts.currency,
    accounts.business_id,
    accounts.provider,
    accounts.owner_id,
    entries.amount_minor,
    currencies.minor_digits
from money.entries
inner join money.transactions on entries.number = transactions.number
inner join money.accounts on entries.account_id = accounts.id
inner join pricing.currencies on accounts.currency = currencies.code
where
    transactions.booked_on >= coalesce(%(from_on)s::date, '-infinity')
    and transactions.booked_on <= coalesce(%(to_on)s::date, 'infinity')
order by transactions.booked_on, transactions.number, entries.position
